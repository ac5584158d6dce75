package main

// People's hours are reckoned where they are. A container of nothing but the program
// has no time zones of its own, so the program brings them; those of the machine,
// where there are any, come first.
import _ "time/tzdata"
