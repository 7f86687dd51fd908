/** Jest's asymmetric matchers for texts, as `unknown` instead of `any`. */

/** Any text that matches, or that contains the text given. */
export function like(wanted: RegExp | string): unknown {
  return typeof wanted === 'string' ? expect.stringContaining(wanted) : expect.stringMatching(wanted)
}
