/** Which JavaScript lies at which address: V8's `/tmp/perf-PID.map` (`--perf-basic-prof`). Knows nothing of what it does. */
import { readFileSync } from 'node:fs'

interface Piece {
  readonly from: number
  readonly to: number
  readonly name: string
}

const PAGE = 4096

/** V8's `JS:*name file:line:column` (`*` optimised, `^` baseline, `~` interpreted), without line and column. */
export type CodeMap = (address: number) => string | undefined

/** Where code was thrown away and its place used again, the later one counts. */
export function readCodeMap(file: string): CodeMap {
  const pages = new Map<number, Piece[]>()
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const found = /^([0-9a-f]+) ([0-9a-f]+) (.*?)(?::\d+:\d+)?$/.exec(line)
    if (found === null) continue
    const [, start = '', size = '', name = ''] = found
    const from = parseInt(start, 16)
    const piece = { from, to: from + parseInt(size, 16), name }
    for (let page = Math.floor(from / PAGE); page <= Math.floor(piece.to / PAGE); page++) {
      const there = pages.get(page)
      if (there === undefined) pages.set(page, [piece])
      else there.push(piece)
    }
  }
  return (address) =>
    pages.get(Math.floor(address / PAGE))?.findLast(({ from, to }) => from <= address && address < to)?.name
}
