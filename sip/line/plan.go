package line

import "slices"

// Plan is what a line's settings mean in time: when a request is sent to a silent primary, when the backup is asked, and when the user is
// told if the backup is silent too. It is not worked out by formula: a Machine runs, by the line's transports, against servers that do not
// answer. All times are in milliseconds from the first attempt, or from what the user did. Requests fit into a datagram (WR-21), and a name is
// looked up at once.
type Plan struct {
	REGISTER *MethodPlan `json:"REGISTER"`
	INVITE   *MethodPlan `json:"INVITE"`
	BYE      *MethodPlan `json:"BYE"`
	CANCEL   *MethodPlan `json:"CANCEL"`
	OPTIONS  *MethodPlan `json:"OPTIONS"` // null while OPTIONS keep-alive is off
	Probe    *ProbePlan  `json:"probe"`   // null where the line never goes back by itself
	Idle     *IdlePlan   `json:"idle"`    // null where there is one server only
	// RefreshS is how long after a registration it is renewed if the server grants what is asked for; RetryS how long the line waits
	// when every server failed. Seconds.
	RefreshS map[Slot]float64 `json:"refresh_s"`
	RetryS   float64          `json:"retry_s"`
	// Transports carry requests to each server.
	Transports map[Slot]Transport `json:"transports"`
	// Addresses are how many addresses each next hop has; a name that was not looked up yet counts as one.
	Addresses map[Slot]int `json:"addresses"`
	// Proxies are the ways to servers behind outbound proxies; absent where there is none.
	Proxies map[Slot]PlanProxy `json:"proxies,omitempty"`
}

// PlanProxy is the outbound proxy by which alone a server is reached: what is sent to the server is sent there.
type PlanProxy struct {
	Server    string    `json:"server"`
	Proxy     string    `json:"proxy"`
	Transport Transport `json:"transport"`
}

// MethodPlan is the plan of one method. A silent server takes what is sent to it and does not answer: over TCP and TLS it takes the connection,
// or one is up. NoConnection is the plan where none is up and none comes about, the host being off; absent where that makes no difference.
type MethodPlan struct {
	Times
	NoConnection *Times `json:"no_connection,omitempty"`
}

// Times are when something is sent, and what comes of it.
type Times struct {
	Sends    []int64 `json:"sends_ms"`    // to the silent primary, or to the only server
	Failover *int64  `json:"failover_ms"` // when the backup is asked first; null where there is none
	Backup   []int64 `json:"backup_ms"`   // what is sent to a silent backup
	Told     *int64  `json:"told_ms"`     // when the user is told that no server answered
}

// ProbePlan is the plan of the failback probe while the primary stays silent, counted from the registration with the backup.
type ProbePlan struct {
	Probes
	NoConnection *Probes `json:"no_connection,omitempty"` // as in MethodPlan
}

// Probes are the first two probes.
type Probes struct {
	First int64   `json:"first_ms"`
	Sends []int64 `json:"sends_ms"` // of one probe, from its first datagram
	Next  int64   `json:"next_ms"`  // the second probe
}

// IdlePlan is how long a line on which nothing happens does not notice that the primary is silent: until it registers with the backup, at most.
type IdlePlan struct {
	Backup      int64 `json:"backup_ms"`
	WithOptions int64 `json:"with_options_ms"` // if options_keepalive is on
	Every       int   `json:"options_every_s"` // the price of that: a request and an answer each time
}

// NewPlan makes the plan of valid settings. It is nil for a line that cannot register. The number of addresses that the name of each next hop
// has is what the line knows of it (ServerStatus.Addresses), 0 for nothing.
func NewPlan(s Settings, addresses map[Slot]int) *Plan {
	s.FailoverJitter, s.FailbackJitter = 0, 0 // the plan shows the earliest instants
	s.Enabled = true
	if !s.Usable() {
		return nil
	}
	p := &Plan{
		Proxies: make(map[Slot]PlanProxy), RefreshS: make(map[Slot]float64), RetryS: float64(s.RegFailInterval),
		Transports: make(map[Slot]Transport), Addresses: make(map[Slot]int),
	}
	for _, slot := range s.Slots() {
		v := s.Server(slot)
		if v.Proxy.Addr != "" {
			p.Proxies[slot] = PlanProxy{v.String(), v.Proxy.String(), v.Transport}
		}
		p.RefreshS[slot] = refreshAfter(v.TTL).Seconds()
		p.Transports[slot], p.Addresses[slot] = v.Transport, 1
		if isName(v.Hop()) && s.DNSExpand {
			p.Addresses[slot] = max(addresses[slot], 1)
		}
	}
	pl := planner{s, p.Addresses}
	p.REGISTER = pl.method(REGISTER)
	p.INVITE = pl.method(INVITE)
	p.BYE = pl.method(BYE)
	p.CANCEL = pl.method(CANCEL)
	if s.OptionsKeepalive {
		p.OPTIONS = pl.method(OPTIONS)
	}
	p.Probe = pl.probe()
	if len(s.Slots()) > 1 {
		p.Idle = &IdlePlan{Backup: pl.idle(), Every: s.UDPUpdateTTL}
		pl.settings.OptionsKeepalive = true
		p.Idle.WithOptions = pl.idle()
	}
	return p
}

// planner plays the settings.
type planner struct {
	settings  Settings
	addresses map[Slot]int
}

// connected reports whether any server is reached by a connection.
func (p planner) connected() bool {
	for _, slot := range p.settings.Slots() {
		if p.settings.Server(slot).Transport != UDP {
			return true
		}
	}
	return false
}

// method is the plan of one method.
func (p planner) method(m Method) *MethodPlan {
	plan := &MethodPlan{Times: p.times(m, false)}
	if p.connected() {
		if a := p.times(m, true); !a.same(plan.Times) {
			plan.NoConnection = &a
		}
	}
	return plan
}

// times are those of a method: first at a silent primary, then at a silent backup.
func (p planner) times(m Method, unconnected bool) Times {
	var a Times
	slots := p.settings.Slots()
	w := p.failing(m, unconnected)
	if unconnected { // requests that wait for one connection are one attempt to connect
		for slot, at := range w.sends {
			w.sends[slot] = slices.Compact(at)
		}
	}
	a.Sends, a.Told = w.sends[slots[0]], w.told
	if len(slots) > 1 {
		a.Backup = w.sends[Backup]
		if len(a.Backup) > 0 {
			a.Failover = &a.Backup[0]
		}
	}
	return a
}

func (a Times) same(b Times) bool {
	return slices.Equal(a.Sends, b.Sends) && slices.Equal(a.Backup, b.Backup) && sameInstant(a.Failover, b.Failover) && sameInstant(a.Told, b.Told)
}

func sameInstant(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }

// failing lets all servers fall silent and then does what makes the line send the method.
func (p planner) failing(m Method, unconnected bool) *world {
	slots := p.settings.Slots()
	w := newWorld(p, m)
	if m != REGISTER {
		w.step(Start{})
	}
	if m == BYE || m == CANCEL {
		w.step(Dial{Call: "1", To: "1"})
	}
	w.begin()
	w.fail(unconnected, slots...)
	switch m {
	case REGISTER:
		w.step(Start{})
	case INVITE:
		w.step(Dial{Call: "1", To: "1"})
	case OPTIONS:
		w.run(func() bool { return len(w.sends) > 0 })
		w.zero, w.sends = w.now, map[Slot][]int64{slots[0]: {0}}
	default:
		w.step(HangUp{"1"})
	}
	w.run(func() bool { return w.told != nil })
	return w
}

// idle is when the backup is asked after a primary has fallen silent right behind its answer to a REGISTER.
func (p planner) idle() int64 {
	w := newWorld(p, REGISTER)
	w.step(Start{})
	w.begin()
	w.fail(false, Primary)
	w.run(func() bool { return len(w.sends[Backup]) > 0 })
	return w.since()
}

// probe is the plan of the probe of a primary that stays silent.
func (p planner) probe() *ProbePlan {
	if len(p.settings.Slots()) < 2 || !failbackOn(p.settings) {
		return nil
	}
	plan := &ProbePlan{Probes: p.probes(false)}
	if p.connected() {
		if u := p.probes(true); u.First != plan.First || u.Next != plan.Next || !slices.Equal(u.Sends, plan.Sends) {
			plan.NoConnection = &u
		}
	}
	return plan
}

// probes registers with the backup and watches two probes.
func (p planner) probes(unconnected bool) Probes {
	w := newWorld(p, REGISTER)
	w.fail(unconnected, Primary)
	w.step(Start{})
	w.run(func() bool { return w.m.phase == OnBackup })
	w.begin()
	first := func() int64 {
		w.run(func() bool { return w.m.failback.tx == 0 })
		w.run(func() bool { return w.m.failback.tx != 0 })
		return w.since()
	}
	var r Probes
	r.First = first()
	w.sends = map[Slot][]int64{Primary: {r.First}}
	w.run(func() bool { return w.m.failback.tx == 0 })
	for _, at := range w.sends[Primary] {
		r.Sends = append(r.Sends, at-r.First)
	}
	r.Next = first()
	return r
}
