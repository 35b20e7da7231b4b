// One way to follow an AbortSignal.

/** Runs `action` once when `signal` aborts, not if it already has. Gives what stops following it: a signal may outlive what it cancels. */
export function whenAborted(signal: AbortSignal, action: () => void): () => void {
  signal.addEventListener("abort", action, { once: true });
  return () => signal.removeEventListener("abort", action);
}
