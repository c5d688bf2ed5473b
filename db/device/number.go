package device

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"hilphone/db/nearest"
	"hilphone/sip/line"
)

// The names of the numbers, as they are stored and as REST and the form have them.
const (
	CallTimeout      = "call_timeout"
	RingTimeout      = "ring_timeout"
	AutoOnHook       = "auto_onhook"
	AutoOnHookTime   = "auto_onhook_time"
	BusyReturnCode   = "busy_return_code"
	RejectReturnCode = "reject_return_code"
	SIPPort          = "sip_port"
)

// The pages on which the numbers stand, named as those of the vendor's phones are.
const (
	Features      line.Page = "features"       // Phone > Features
	BasicSettings line.Page = "basic-settings" // Line > Basic settings
)

// Number is a setting of the phone as a whole that is a whole number, or a switch as 0 or 1. It is the setting's one definition. Its key in the
// vendor's files is that of the text file with its module and, of what belongs to the port, its P1.
type Number struct {
	line.Setting
	Module string
}

const (
	callModule = "CALL FEATURE MODULE"
	sipModule  = "SIP CONFIG MODULE"
)

// Numbers are all there are, in the order of their pages.
var Numbers = []Number{
	{line.Setting{Name: CallTimeout, Key: "P1 Call Timeout", Kind: line.Number, Default: "120", Min: 0, Max: 3600, Unit: "s", Page: Features,
		Label: line.Label{EN: "Call Timeout", JA: "発信タイムアウト", ZH: "呼叫超时"},
		Hint:  line.Label{EN: "a call that is not answered is given up after this time; 0 is never", JA: "応答がない発信を打ち切るまでの時間、0は無制限", ZH: "呼出无人应答时放弃呼叫的时间，0为不限"}}, callModule},
	{line.Setting{Name: RingTimeout, Key: "P1 Ring Timeout", Kind: line.Number, Default: "120", Min: 0, Max: 3600, Unit: "s", Page: Features,
		Label: line.Label{EN: "Ring Timeout", JA: "着信タイムアウト", ZH: "振铃超时"},
		Hint:  line.Label{EN: "an incoming call that is not answered is refused with 480 after this time; 0 is never", JA: "応答がない着信を480で拒否するまでの時間、0は無制限", ZH: "来电无人接听时以480拒绝的时间，0为不限"}}, callModule},
	{line.Setting{Name: AutoOnHook, Key: "P1 Auto Onhook", Kind: line.Switch, Default: "1", Max: 1, Page: Features,
		Label: line.Label{EN: "Auto Onhook", JA: "自動オンフック", ZH: "自动挂机"},
		Hint:  line.Label{EN: "hands-free, the busy tone ends by itself", JA: "ハンズフリー時、話中音を自動的に終了", ZH: "免提时忙音自动结束"}}, callModule},
	{line.Setting{Name: AutoOnHookTime, Key: "P1 Auto Onhook Time", Kind: line.Number, Default: "3", Min: 0, Max: 300, Unit: "s", Page: Features,
		Label: line.Label{EN: "Auto Onhook Time", JA: "自動オンフック時間", ZH: "自动挂机时间"},
		Hint:  line.Label{EN: "how long the busy tone sounds until then", JA: "それまで話中音を鳴らす時間", ZH: "自动挂机前忙音的时长"}}, callModule},
	{line.Setting{Name: BusyReturnCode, Key: "P1 Busy Return Code", Kind: line.Number, Default: "486", Min: 400, Max: 699, Page: Features,
		Label: line.Label{EN: "Busy Return Code", JA: "話中時の応答コード", ZH: "忙返回码"},
		Hint:  line.Label{EN: "answer to a call that comes while the phone is in use", JA: "使用中に来た着信への応答", ZH: "话机使用中对来电的应答"}}, callModule},
	{line.Setting{Name: RejectReturnCode, Key: "P1 Reject Return Code", Kind: line.Number, Default: "603", Min: 400, Max: 699, Page: Features,
		Label: line.Label{EN: "Reject Return Code", JA: "拒否時の応答コード", ZH: "拒接返回码"},
		Hint:  line.Label{EN: "answer to a call that is rejected", JA: "拒否した着信への応答", ZH: "对被拒接来电的应答"}}, callModule},

	{line.Setting{Name: SIPPort, Key: "SIP  Port", Kind: line.Number, Default: "5060", Min: 1, Max: 65535, Page: BasicSettings,
		Label: line.Label{EN: "Local SIP Port", JA: "ローカルSIPポート", ZH: "本地SIP端口"},
		Hint:  line.Label{EN: "of the first line; the others, and a line that finds it taken, use the next free one; a change registers the lines again", JA: "最初の回線のポート。他の回線と使用中の場合は次の空きポート。変更すると再登録", ZH: "第一条线路的端口；其他线路或端口被占用时用下一个空闲端口；更改后重新注册"}}, sipModule},
}

// NumberNamed finds a Number by its name.
func NumberNamed(name string) (Number, bool) {
	i := slices.IndexFunc(Numbers, func(d Number) bool { return d.Name == name })
	if i < 0 {
		return Number{}, false
	}
	return Numbers[i], true
}

func namesOf(page line.Page) (all []string) {
	for _, d := range NumbersOf(page) {
		all = append(all, d.Name)
	}
	return all
}

// NumbersOf are those of a page.
func NumbersOf(page line.Page) []Number {
	return slices.DeleteFunc(slices.Clone(Numbers), func(d Number) bool { return d.Page != page })
}

// standard is the value of a number that is not set.
func (d Number) standard() int {
	n, err := strconv.Atoi(d.Default)
	if err != nil {
		panic("device: the default of " + d.Name + " is no number")
	}
	return n
}

func (d Number) check(n int) error {
	switch {
	case n >= d.Min && n <= d.Max:
		return nil
	case d.Kind == line.Switch:
		return &line.FieldError{Name: d.Name, Message: "must be 0 or 1", Value: n}
	}
	return &line.FieldError{Name: d.Name, Message: d.rangeText(), Value: n}
}

func (d Number) rangeText() string {
	return fmt.Sprintf("must be a whole number from %d to %d", d.Min, d.Max)
}

// Number is the value of the number of that name.
func (s Settings) Number(name string) int {
	if n, set := s.Numbers[name]; set {
		return n
	}
	if d, ok := NumberNamed(name); ok {
		return d.standard()
	}
	return 0
}

// Values are the numbers of a page as REST has them: a switch as true or false.
func (s Settings) Values(page line.Page) map[string]any {
	values := map[string]any{}
	for _, d := range NumbersOf(page) {
		values[d.Name] = s.Number(d.Name)
		if d.Kind == line.Switch {
			values[d.Name] = s.Number(d.Name) == 1
		}
	}
	return values
}

// SetValues sets numbers of a page to what REST gives, by name, and leaves the others as they are. The error joins a *line.FieldError for each
// that is wrong, and then nothing is set.
func (s *Settings) SetValues(page line.Page, values map[string]any) error {
	next := s.Clone()
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := values[name]
		d, ok := NumberNamed(name)
		if !ok || d.Page != page {
			faults = append(faults, &line.FieldError{Name: name, Message: "is not a setting of this page" + nearest.Hint(name, namesOf(page)), Value: v})
			continue
		}
		n, err := d.number(v)
		if err == nil {
			err = d.check(n)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		next.setNumber(d, n)
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	*s = next
	return nil
}

// number reads a value of REST.
func (d Number) number(v any) (int, error) {
	if d.Kind == line.Switch {
		on, ok := v.(bool)
		if !ok {
			return 0, &line.FieldError{Name: d.Name, Message: "must be true or false", Value: v}
		}
		if on {
			return 1, nil
		}
		return 0, nil
	}
	switch n := v.(type) {
	case int:
		return n, nil
	case float64:
		if n == math.Trunc(n) && math.Abs(n) <= math.MaxInt32 {
			return int(n), nil
		}
	case json.Number:
		if i, err := strconv.ParseInt(string(n), 10, 32); err == nil {
			return int(i), nil
		}
	}
	return 0, &line.FieldError{Name: d.Name, Message: d.rangeText(), Value: v}
}

// setText sets a number to what a file, the form or the store has.
func (s *Settings) setText(d Number, text string) error {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil {
		message := d.rangeText()
		if d.Kind == line.Switch {
			message = "must be 0 or 1"
		}
		return &line.FieldError{Name: d.Name, Message: message, Value: text}
	}
	if err := d.check(int(n)); err != nil {
		return err
	}
	s.setNumber(d, int(n))
	return nil
}

// setNumber keeps what differs from the default alone: that the others are not set is the zero value.
func (s *Settings) setNumber(d Number, n int) {
	numbers := maps.Clone(s.Numbers)
	if delete(numbers, d.Name); n != d.standard() {
		if numbers == nil {
			numbers = map[string]int{}
		}
		numbers[d.Name] = n
	}
	if len(numbers) == 0 {
		numbers = nil
	}
	s.Numbers = numbers
}
