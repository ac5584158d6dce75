package connect_test

import (
	"os"
	"testing"

	"throughline/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
