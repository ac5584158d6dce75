package folder

func iso639(code string) string { return code }
