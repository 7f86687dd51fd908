/** The other end of the socket: asks a running service one question. */
import { connect } from 'node:net'
import { type Clock } from '../clock'
import { ourselves, ownerOf } from './owner'
import { type Question, type Reply } from './questions'
import { tooLong } from './socket'

/** Erasing a person or reading long traces takes a while; nothing takes so long. */
const PATIENCE = 120_000
const LONGEST_ANSWER = 16 * 1024 * 1024

/** `nobody`: no service listens there. `silent`: someone may, and no answer came. */
export type Asked =
  | { readonly is: 'reply'; readonly reply: Reply }
  | { readonly is: 'nobody' }
  | { readonly is: 'silent'; readonly why: string }

function meaningOf(error: NodeJS.ErrnoException, path: string): Asked {
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTSOCK') return { is: 'nobody' }
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    const owner = ownerOf(path)
    const as = owner.startsWith('#') ? `'${owner}'` : owner
    return {
      is: 'silent',
      why: `the user ${ourselves()} may not open the service's socket ${path}, for it belongs to the user ${owner}; run the command as that user: sudo -u ${as} xmpp-push …`,
    }
  }
  return { is: 'silent', why: `the service's socket ${path} failed: ${error.message}` }
}

function read(text: string, path: string): Asked {
  try {
    return { is: 'reply', reply: JSON.parse(text) as Reply }
  } catch {
    return { is: 'silent', why: `the service ended before its answer was whole (socket ${path})` }
  }
}

/** Never rejects. */
export function askService(path: string, question: Question, clock: Clock): Promise<Asked> {
  const wrong = tooLong(path)
  if (wrong !== undefined) return Promise.resolve({ is: 'silent', why: `there is no socket to ask: ${wrong}` })
  return new Promise((resolve) => {
    const socket = connect(path)
    const parts: Buffer[] = []
    let bytes = 0
    const end = (asked: Asked): void => {
      cancel()
      socket.destroy()
      resolve(asked)
    }
    const cancel = clock.after(PATIENCE, () =>
      end({ is: 'silent', why: `the service does not answer (socket ${path})` }),
    )
    socket.on('error', (error) => end(meaningOf(error, path)))
    socket.on('data', (part: Buffer) => {
      parts.push(part)
      bytes += part.length
      if (bytes > LONGEST_ANSWER) end({ is: 'silent', why: 'the answer is too long; ask for less' })
    })
    socket.on('end', () => end(read(Buffer.concat(parts).toString(), path)))
    socket.write(`${JSON.stringify(question)}\n`)
  })
}
