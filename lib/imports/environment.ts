/** An environment as a file tells it: `NAME=value` a line, as Docker's `--env-file` and `env` write it, or parted by NUL as in /proc. */

/** Later lines win; a line without a name is passed over. One pair of quotes around a value is taken off. */
export function readEnvironment(text: string): ReadonlyMap<string, string> {
  const lines = text.includes('\0') ? text.split('\0') : text.split(/\r?\n/)
  return new Map(
    lines.flatMap((line) => {
      const found = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/s.exec(line)
      if (found === null) return []
      const value = found[2]?.trim() ?? ''
      const quoted = /^(["'])(.*)\1$/s.exec(value)
      return [[found[1] ?? '', quoted?.[2] ?? value] as const]
    }),
  )
}
