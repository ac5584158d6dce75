package folder

import "throughline"

func (c *collector) deal() *throughline.Deal { return nil }
