package connect

// ForgetLimiters makes the next [SharedLimiter] a new one, as in another process.
func ForgetLimiters() {
	shared.Lock()
	defer shared.Unlock()
	clear(shared.limiters)
}
