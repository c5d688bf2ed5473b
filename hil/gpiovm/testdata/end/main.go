// Command end ends badly: it hangs, or has the kernel crash.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("here it ends")
	if os.Args[1] == "crash" {
		err := os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0)
		fmt.Println("it does not:", err)
		return
	}
	var nobody [1]byte
	r, _, err := os.Pipe() // nobody writes
	if err == nil {
		_, err = r.Read(nobody[:])
	}
	fmt.Println("it does not:", err)
}
