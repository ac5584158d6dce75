package builtin_test
import ("testing";"throughline/hedge";"throughline/folder";"context";"fmt")
func TestZ(t *testing.T){
 for _, l := range languages {
  d, _ := folder.Read(context.Background(), "testdata/deals/"+l+"/deal")
  for _, s := range d.Sources { if s.Language != l { fmt.Println("LANG", l, s.ID, s.Language, s.Internal) } }
  for _, c := range hedge.Scan(d) { fmt.Printf("%s %.2f %-14s %s %.80q  <- %s %.80q %v\n", l, c.Score, c.Signal, c.Promise.Ref, c.Promise.Text, c.Doubt.Ref, c.Doubt.Text, c.Cues) }
 }
}
