/** One way of a NATS connection, by message: those that are told by their first line get lost. */
import { Transform } from 'node:stream'

const END = '\r\n'

/** `drops`: told the first line of each message, with its subject and where its answer goes. */
export function natsSieve(drops: (head: string) => boolean): Transform {
  let rest = Buffer.alloc(0)
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      rest = Buffer.concat([rest, piece])
      for (;;) {
        const end = rest.indexOf(END)
        if (end < 0) break
        const head = rest.subarray(0, end).toString()
        const [, size] = /^H?(?:MSG|PUB) .* (\d+)$/.exec(head) ?? []
        const length = end + END.length + (size === undefined ? 0 : Number(size) + END.length)
        if (rest.length < length) break
        if (!drops(head)) this.push(rest.subarray(0, length))
        rest = rest.subarray(length)
      }
      done()
    },
  })
}
