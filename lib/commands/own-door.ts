/**
 * Whether the component's own host answers at port 443, where Siskin asks Tigase's `/unregister-device` when an account is removed: by a
 * TLS handshake of its own, seen from here. Knows no interface and asks for no path.
 */
import { connect } from 'node:tls'
import { type Clock } from '../clock'
import { type Config } from '../config'
import { type Names, systemNames } from './names'

export interface OwnDoorOptions {
  readonly clock: Clock
  /** The machine's own resolver if it is left out. */
  readonly names?: Names
  /** 443 if it is left out: no client asks elsewhere. */
  readonly port?: number
  /** PEM of the authority that is believed; those of the machine if it is left out. */
  readonly ca?: string
}

/** Of one domain; `mend` where nobody could ask there. */
export interface OwnDoor {
  readonly text: string
  readonly mend?: string
}

const PATIENCE = 5_000

/** Why nobody can ask there; undefined: it answers, with a certificate that stands for the domain. */
function whyNot(domain: string, host: string, { clock, port = 443, ca }: OwnDoorOptions): Promise<string | undefined> {
  const late = new AbortController()
  return new Promise((done) => {
    const socket = connect({ host, port, servername: domain, ...(ca === undefined ? {} : { ca }) })
    const end = (why?: string): void => {
      late.abort()
      socket.destroy()
      done(why)
    }
    socket.once('secureConnect', () => end())
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
    socket.once('close', () => end('it hangs up'))
    void clock.sleep(PATIENCE, late.signal).then(
      () => end(`no answer in ${PATIENCE / 1000} s`),
      () => undefined,
    )
  })
}

/** Never rejects; takes no longer than 10 s. */
export async function askOwnDoor(domain: string, options: OwnDoorOptions): Promise<OwnDoor> {
  const { clock, names = systemNames, port = 443 } = options
  const late = new AbortController()
  const unsaid = clock.sleep(PATIENCE, late.signal).then((): readonly string[] => [])
  const [host] = await Promise.race([names.addresses(domain).catch(() => []), unsaid.catch(() => [])])
  late.abort()
  const why = host === undefined ? 'the name has no address' : await whyNot(domain, host, options)
  if (why === undefined) return { text: `https://${domain} answers at port ${String(port)}` }
  return {
    text: `https://${domain} can not be asked at port ${String(port)} (${why}); Siskin asks there when an account is removed, and its pushes go on`,
    mend: 'Put a web server in front, with a certificate for this name: docs/proxy has one for nginx and one for Caddy',
  }
}

/** Of each domain of ours; of none where Tigase's interface is not served. */
export async function askOwnDoors({ http, components }: Config, options: OwnDoorOptions): Promise<readonly OwnDoor[]> {
  if (!http.listeners.some(({ serve }) => serve.includes('tigase'))) return []
  return Promise.all(components.map(({ domain }) => askOwnDoor(domain, options)))
}
