package phone

import "context"

// Alive returns nil when the phone's goroutine has come to it, after all that was asked of the phone before. Errors: ErrStopped, that
// of ctx.
func (p *Phone) Alive(ctx context.Context) error { return p.ask(ctx, input{}).err }
