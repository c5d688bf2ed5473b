package kamailio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Contacts returns the contact addresses that are registered for the user at this server, also those that the other server
// told it about. None is not an error.
func (s *Server) Contacts(ctx context.Context, user string) ([]string, error) {
	bindings, err := s.bindings(ctx, user)
	var addresses []string
	for _, b := range bindings {
		addresses = append(addresses, b.Address)
	}
	return addresses, err
}

// A binding is a contact address that is registered, and the Path to it (RFC 3327), "[not set]" without one.
type binding struct{ Address, Path string }

func (s *Server) bindings(ctx context.Context, user string) (all []binding, err error) {
	var found struct {
		Contacts []struct{ Contact binding }
	}
	err = s.control(ctx, &found, "ul.lookup", "location", user)
	var refused *controlError
	if errors.As(err, &refused) && strings.Contains(refused.Message, "not found") {
		return nil, nil
	}
	for _, c := range found.Contacts {
		all = append(all, c.Contact)
	}
	return all, err
}

// Knows waits, 15 s at most, until the contact address is registered for the user at this server: directly, or by what the
// other server told it, which takes some milliseconds.
func (s *Server) Knows(ctx context.Context, user, contact string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var known []string
	err := await(ctx, func() (ok bool, err error) {
		known, err = s.Contacts(ctx, user)
		return slices.Contains(known, contact), err
	})
	if err != nil {
		return fmt.Errorf("%s knows %s at %q and not at %s: %w", s.Name, user, known, contact, err)
	}
	return nil
}

// synchronised waits until the two servers see each other and this one has all registrations that the other one has. A
// server that is not there to be asked is not waited for.
func (s *Server) synchronised(ctx context.Context) error {
	if s.pair.options.Edge { // one registrar
		return nil
	}
	err := await(ctx, func() (bool, error) {
		theirs, err := s.peer().registrations(ctx)
		if err != nil {
			return true, nil
		}
		own, err := s.registrations(ctx)
		if err != nil || own < theirs {
			return false, err
		}
		sees, err := s.sees(ctx)
		if err != nil || !sees {
			return false, err
		}
		return s.peer().sees(ctx)
	})
	if err != nil {
		return fmt.Errorf("%s does not learn the registrations of the %s: %w", s.Name, s.peer().Name, err)
	}
	return nil
}

// registrations counts the contacts of all users.
func (s *Server) registrations(ctx context.Context) (int, error) {
	var counts map[string]string
	if err := s.control(ctx, &counts, "stats.fetch", "usrloc:location_contacts"); err != nil {
		return 0, err
	}
	return strconv.Atoi(counts["usrloc.location_contacts"])
}

// sees tells whether this server sends its registrations to the other one.
func (s *Server) sees(ctx context.Context) (bool, error) {
	var nodes []struct{ Host, Status string }
	err := s.control(ctx, &nodes, "dmq.list_nodes")
	return slices.Contains(nodes, struct{ Host, Status string }{s.peer().Addr.Addr().String(), "active"}), err
}

// await asks again and again until the answer is yes, an error, or the end of the context.
func await(ctx context.Context, ask func() (bool, error)) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := ask(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
