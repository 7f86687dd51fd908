/** Knows which characters XML 1.0 (fifth edition, §2.2) admits. Refuses to know what the text means. */

// Surrogates are only suspects here: in pairs they are the characters above U+FFFF, and most text has none.
const suspect = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\ud800-\udfff]/
const foreign = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu

/** The text without the characters that XML cannot carry, lone surrogates among them. A server ends the stream over a single one. */
export function sanitise(text: string): string {
  return suspect.test(text) ? text.replace(foreign, '') : text
}
