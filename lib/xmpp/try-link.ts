/**
 * The component link (XEP-0114 v1.6) proven once, for `check --live`: attached, asked what is to be asked, detached.
 * Refuses to know what is asked, and never tries again.
 */
import { type Socket } from 'node:net'
import { type Element } from 'ltx'
import { open, type TryLinkOptions } from './component'
import { type Fault } from './link-faults'
import { spellStanza } from './outgoing-stanza'

/** How long the server may take to close too. */
const CLOSE_MS = 2000

/** What is asked while the link is attached. */
export interface Visit<Said> {
  /** Called once, after the handshake; the link is closed when it is settled, so it must settle by itself. Must not reject. */
  ask(send: (stanza: Element) => Promise<boolean>): Promise<Said>
  /** Called with every stanza that comes in the meantime. */
  heard(stanza: Element): void
}

/** `lost`: the link ended before the visit had; the visit is not waited for then. */
export type Tried<Said> =
  { readonly is: 'online'; readonly said?: Said; readonly lost?: Fault } | ({ readonly is: 'refused' } & Fault)

/**
 * Attaches, detaches, and tells what happened. Never rejects. A server that lets a new connection take the place of the old one
 * (Prosody's kick_old, MongooseIM's) thereby cuts a service that is running; it comes back by itself.
 */
export function tryLink<Said>(options: TryLinkOptions, visit?: Visit<Said>): Promise<Tried<Said>> {
  return new Promise((resolve) => {
    let isAttached = false

    const sender =
      (socket: Socket) =>
      (stanza: Element): Promise<boolean> => {
        const spelled = spellStanza(stanza, options.domain)
        if (!('text' in spelled) || !socket.writable) return Promise.resolve(false)
        socket.write(spelled.text)
        return Promise.resolve(true)
      }

    async function attached(socket: Socket): Promise<void> {
      if ('why' in stream) return
      isAttached = true
      const said = await visit?.ask(sender(socket))
      await stream.close(CLOSE_MS)
      resolve({ is: 'online', ...(said === undefined ? {} : { said }) })
    }

    const stream = open(options, {
      // Not before the library has come back from its own part of the handshake.
      online: (socket) => void setImmediate(() => void attached(socket)),
      heard: () => undefined,
      stanza: (stanza) => visit?.heard(stanza),
      ended: (fault) => resolve(isAttached ? { is: 'online', lost: fault } : { is: 'refused', ...fault }),
    })
    if ('why' in stream) resolve({ is: 'refused', ...stream })
  })
}
