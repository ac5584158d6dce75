package builtin
import ("testing";"throughline/lexicon";"fmt";"bufio";"os";"strings")
func TestZ(t *testing.T){
 ls,_ := lexicons()
 f,_ := os.Open("/tmp/bi/lines.txt"); sc := bufio.NewScanner(f)
 for sc.Scan() { lang, text, _ := strings.Cut(sc.Text(), " ")
  fmt.Println("--", text)
  for _, h := range ls[lang].Find(lexicon.Tokens(text)) { if h.Section != "filler" { fmt.Printf("   %-14s %.1f %s\n", h.Section, h.Weight, h.Phrase) } }
 }
}
