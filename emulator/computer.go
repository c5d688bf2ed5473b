package main

import (
	"bufio"
	endian "encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"

	"hilphone/webui"
)

// This file reads what the computer under the phone is, from Linux's own files: what they do not tell stays empty.

// hardware names the computer: a Raspberry Pi by its model, any other by what its programs are made for.
func hardware() string {
	if model, err := os.ReadFile("/proc/device-tree/model"); err == nil {
		if name := strings.TrimRight(string(model), "\x00\n"); name != "" {
			return name
		}
	}
	return runtime.GOOS + "/" + runtime.GOARCH
}

// memory returns what this program holds in RAM and what there is, in bytes.
func memory() (resident, total int64) {
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64) // 0: not told
			resident = pages * int64(os.Getpagesize())
		}
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
				kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
				total = kib << 10
			}
		}
	}
	return resident, total
}

// networks returns the interfaces that have the addresses, each "ADDR:PORT TRANSPORT", one entry for each address.
func networks(sip []string) []webui.NetworkView {
	views, seen := []webui.NetworkView{}, map[netip.Addr]bool{}
	for _, s := range sip {
		at, _, _ := strings.Cut(s, " ")
		ap, err := netip.ParseAddrPort(at)
		if err != nil || seen[ap.Addr()] {
			continue
		}
		seen[ap.Addr()] = true
		if v, ok := network(ap.Addr()); ok {
			views = append(views, v)
		}
	}
	return views
}

func network(ip netip.Addr) (v webui.NetworkView, ok bool) {
	all, err := net.Interfaces()
	if err != nil {
		return v, false
	}
	for _, i := range all {
		addresses, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addresses {
			n, isNet := a.(*net.IPNet)
			if !isNet || !n.Contains(ip.WithZone("").AsSlice()) || !ip.IsLoopback() && !n.IP.Equal(ip.WithZone("").AsSlice()) {
				continue // all of 127.0.0.0/8 is this computer
			}
			return webui.NetworkView{Interface: i.Name, MAC: i.HardwareAddr.String(), IP: ip.String(), SubnetMask: mask(n.Mask), Gateway: gateway(i.Name, ip)}, true
		}
	}
	return v, false
}

func mask(m net.IPMask) string {
	if len(m) == net.IPv4len {
		return net.IP(m).String()
	}
	ones, _ := m.Size()
	return "/" + strconv.Itoa(ones)
}

// gateway returns the default gateway of an interface (proc_net(5)), empty if it has none.
func gateway(name string, ip netip.Addr) string {
	if !ip.Unmap().Is4() {
		return ""
	}
	f, err := os.Open("/proc/net/route")
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) < 3 || fields[0] != name || fields[1] != "00000000" {
			continue
		}
		b, err := hex.DecodeString(fields[2])
		if err != nil || len(b) != net.IPv4len {
			continue
		}
		var host [net.IPv4len]byte
		endian.NativeEndian.PutUint32(host[:], endian.BigEndian.Uint32(b)) // the kernel prints a number of its own byte order
		if to := netip.AddrFrom4(host); !to.IsUnspecified() {
			return to.String()
		}
	}
	return ""
}
