package device

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"hilphone/db/secret"
	"hilphone/sip/line"
)

// ActionURLs are the addresses that the phone calls with GET when something happens to it, by the name of what happens; an empty one is not
// called.
type ActionURLs map[string]string

// Action is something that happens to the phone and that an address can be called for. It is the setting's one definition.
type Action struct {
	Name  string // in REST, in the form, in the event action_url
	Key   string // the vendor's text key; empty: the vendor's phones do not tell this
	Label line.Label
}

// Actions are all there are, in the order of the page. The vendor's phones know more, of features that this phone does not have.
var Actions = []Action{
	{"reg_on", "Reg On Url", line.Label{EN: "Registered", JA: "登録成功", ZH: "注册成功"}},
	{"reg_off", "Reg Off Url", line.Label{EN: "No longer registered", JA: "登録解除", ZH: "注销"}},
	{"reg_failed", "Reg Failed Url", line.Label{EN: "Registration failed", JA: "登録失敗", ZH: "注册失败"}},
	{"failover", "", line.Label{EN: "Failover to the backup", JA: "フェイルオーバー", ZH: "切换到备用服务器"}},
	{"failback", "", line.Label{EN: "Failback to the primary", JA: "フェイルバック", ZH: "回切到主用服务器"}},
	{"all_failed", "", line.Label{EN: "No server available", JA: "全サーバー不可用", ZH: "所有服务器不可用"}},
	{"probe_recovered", "", line.Label{EN: "Probe: the primary has recovered", JA: "プローブ: 主用サーバー回復", ZH: "探测：主用服务器已恢复"}},
	{"probe_failed", "", line.Label{EN: "Probe: the primary is not available", JA: "プローブ: 主用サーバー不可用", ZH: "探测：主用服务器不可用"}},
	{"boot_completed", "Boot Completed Url", line.Label{EN: "Boot completed", JA: "起動完了", ZH: "启动完成"}},
	{"ip_change", "IP Change Url", line.Label{EN: "IP address changed", JA: "IPアドレス変更", ZH: "IP地址变更"}},
	{"phonestate_idle", "PhoneState Idle Url", line.Label{EN: "Phone idle", JA: "待受", ZH: "空闲"}},
	{"phonestate_talking", "PhoneState Talking", line.Label{EN: "Phone talking", JA: "通話中", ZH: "通话中"}},
	{"phonestate_ringing", "PhoneState Ringing", line.Label{EN: "Phone ringing", JA: "着信中", ZH: "响铃中"}},
	{"onhook", "Onhook Uri", line.Label{EN: "On hook", JA: "オンフック", ZH: "挂机"}},
	{"offhook", "Offhook Url", line.Label{EN: "Off hook", JA: "オフフック", ZH: "摘机"}},
	{"incoming_call", "Incoming Call Url", line.Label{EN: "Incoming call", JA: "着信", ZH: "来电"}},
	{"outgoing_call", "Outgoing Call Url", line.Label{EN: "Outgoing call", JA: "発信", ZH: "去电"}},
	{"call_active", "Call Active Url", line.Label{EN: "Call answered", JA: "通話確立", ZH: "通话建立"}},
	{"call_stop", "Call Stop Url", line.Label{EN: "Call over", JA: "通話終了", ZH: "通话结束"}},
	{"new_missed_call", "New Missed call Url", line.Label{EN: "Missed call", JA: "不在着信", ZH: "未接来电"}},
	{"hold_on", "Hold On Url", line.Label{EN: "Hold on", JA: "保留", ZH: "保持"}},
	{"hold_off", "Hold Off Url", line.Label{EN: "Hold off", JA: "保留解除", ZH: "取消保持"}},
	{"held_on", "Held On Url", line.Label{EN: "Held by the other side", JA: "被保留", ZH: "被保持"}},
	{"held_off", "Held Off Url", line.Label{EN: "No longer held by the other side", JA: "被保留解除", ZH: "被保持解除"}},
	{"transfer", "Transfer Url", line.Label{EN: "Call transferred", JA: "転送", ZH: "转接"}},
	{"mute_on", "Mute On Url", line.Label{EN: "Mute on", JA: "ミュート", ZH: "静音"}},
	{"mute_off", "Mute Off Url", line.Label{EN: "Mute off", JA: "ミュート解除", ZH: "取消静音"}},
}

// ActionNamed finds an Action by its name.
func ActionNamed(name string) (Action, bool) {
	i := slices.IndexFunc(Actions, func(a Action) bool { return a.Name == name })
	if i < 0 {
		return Action{}, false
	}
	return Actions[i], true
}

// Validate returns nil or the faults joined, each a *line.FieldError named as the action. Whether loopback may be called is for the phone to
// decide when it does.
func (u ActionURLs) Validate() error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(u)) {
		if err := checkActionURL(name, u[name], true); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func checkActionURL(name, text string, lab bool) error {
	if _, ok := ActionNamed(name); !ok {
		return &line.FieldError{Name: name, Message: "is nothing that this phone tells"}
	}
	if text == "" {
		return nil
	}
	if err := CheckURL(text, lab); err != nil {
		return &line.FieldError{Name: name, Message: err.Error()} // without the value: it may hold a password
	}
	return nil
}

// Masked returns the addresses as pages, REST, logs and events may show them.
func (u ActionURLs) Masked() ActionURLs {
	masked := make(ActionURLs, len(u))
	for name, text := range u {
		masked[name] = Mask(text)
	}
	return masked
}

// Changed returns these addresses after a change by somebody who was shown them masked: an address that comes back as it was shown stays as it
// is. One that was edited around a mask is refused, as what stands there is not known. Absent names become empty.
func (u ActionURLs) Changed(given map[string]string, lab bool) (ActionURLs, error) {
	next := ActionURLs{}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(given)) {
		text := given[name]
		switch old := u[name]; {
		case text == "":
			if _, ok := ActionNamed(name); !ok {
				faults = append(faults, checkActionURL(name, text, lab))
			}
		case text == Mask(old):
			next[name] = old
		case secret.HasMask(text):
			faults = append(faults, &line.FieldError{Name: name, Message: fmt.Sprintf("has %s where a password was: give the password again", secret.Stars)})
		default:
			if err := checkActionURL(name, text, lab); err != nil {
				faults = append(faults, err)
				continue
			}
			next[name] = text
		}
	}
	return next, errors.Join(faults...)
}
