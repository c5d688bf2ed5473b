//go:build rig

package main_test

import (
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// toldAfter is how long a user waits for the news that no server answers: the budget of the primary and the whole timeout of the
// backup, which is the last one (FO-50).
const toldAfter = budget + timeout

// nobody: both servers fall silent. Four phones learn it in four ways, at the same time, since it takes long: one is set up only
// now, one hangs up, one makes a call, and one that has been called hears nothing of all that.
func (r *rig) nobody(t *testing.T) {
	pair := r.pair(t)
	var phones []*handset
	for _, number := range []string{"1001", "1002", "1003", "1004"} {
		phones = append(phones, newHandset(t, pair, r.binary, number))
	}
	talking, called, calling, late := phones[0], phones[1], phones[2], phones[3]
	for _, h := range phones[:3] {
		since := h.now(t)
		h.set(t, account(h.number))
		h.untilPhase(t, since, "on_primary")
	}
	c := connect(t, talking, called)
	sinceTalking, sinceCalling, sinceLate := talking.now(t), calling.now(t), late.now(t)
	for _, s := range []*kamailio.Server{pair.Primary, pair.Backup} {
		must(t, s.Mute(t.Context()))
	}
	talking.hook(t, "on")
	calling.hook(t, "off")
	calling.keys(t, "1002#")
	late.set(t, account(late.number).with(settings{"reg_fail_interval": 2}))

	steps(t,
		trial{"INVITE", func(t *testing.T) { r.callFails(t, calling, sinceCalling) }},
		trial{"BYE", func(t *testing.T) {
			hung := talking.untilCall(t, sinceTalking, "ended")
			lost := talking.untilType(t, sinceTalking, toldAfter+patience, "bye_lost")
			r.measured(t, "hung up: the BYE is lost", lost.after(hung))
			between(t, "bye_lost", lost.after(hung), toldAfter, toldAfter+allowance)
			want(t, "BYEs to the primary", len(sent(talking.trace(t, ""), "BYE", kamailio.PrimaryAddress)), 4)
			want(t, "BYEs to the backup", len(sent(talking.trace(t, ""), "BYE", kamailio.BackupAddress)), 0)
			want(t, "REGISTERs to the backup", len(sent(talking.trace(t, ""), "REGISTER", kamailio.BackupAddress)), 11)
			want(t, "call at the other phone", called.call(t, c.incoming).State, "talking")
		}},
		trial{"register at start", func(t *testing.T) {
			began := late.untilPhase(t, sinceLate, "try_primary")
			failed := late.until(t, sinceLate, toldAfter+patience, "line in phase all_failed", func(e event) bool { return e.Data.Phase == "all_failed" })
			r.measured(t, "the line is given up", failed.after(began))
			between(t, "all_failed", failed.after(began), toldAfter, toldAfter+allowance)
			want(t, "REGISTERs to the backup", len(sent(late.trace(t, ""), "REGISTER", kamailio.BackupAddress)), 11)
		}},
		trial{"register when they are back", func(t *testing.T) {
			// Reg Fail Interval (FO-52) and the repeats of the attempt that is under way.
			began, since := time.Now(), late.now(t)
			for _, s := range []*kamailio.Server{pair.Primary, pair.Backup} {
				must(t, s.Restore(t.Context()))
			}
			back := late.until(t, since, patience, "registration", func(e event) bool { return e.Type == "registered" })
			r.measured(t, "registered", back.Time.Sub(began))
			want(t, "state", late.status(t).State, "registered")
		}},
	)
}

// callFails: the user hears the busy tone, and the display says why.
func (r *rig) callFails(t *testing.T, h *handset, since int64) {
	began := h.untilCall(t, since, "calling")
	ended := h.until(t, since, toldAfter+patience, "end of the call", func(e event) bool { return e.Type == "call" && e.Data.State == "ended" })
	failed := h.until(t, since, patience, "phone that says so", func(e event) bool { return e.Type == "phone" && e.Data.State == "failed" })
	r.measured(t, "called: the user is told", failed.after(began))
	between(t, "the user was told", failed.after(began), toldAfter, toldAfter+allowance)
	want(t, "ended by", ended.Data.End.By, "phone")
	want(t, "cause", ended.Data.End.Cause, "no_response")
	all := h.until(t, since, patience, "all_failed of the call", func(e event) bool { return e.Type == "all_failed" && e.Call == began.Call })
	want(t, "method of all_failed", all.Data.Method, "INVITE")
	between(t, "all_failed by its own account", time.Duration(all.Data.ElapsedMS*float64(time.Millisecond)), toldAfter, toldAfter+allowance)
	seen := h.trace(t, "")
	want(t, "INVITEs to the primary", len(sent(seen, "INVITE", kamailio.PrimaryAddress)), 4)
	want(t, "INVITEs to the backup", len(sent(seen, "INVITE", kamailio.BackupAddress)), 0)
	want(t, "REGISTERs to the backup", len(sent(seen, "REGISTER", kamailio.BackupAddress)), 11)
}
