/** The connection to the servers: who we are to them, and what is told while they are away. Knows no stream. */
import { setMaxListeners } from 'node:events'
import { type NatsConnection, type NodeConnectionOptions, connect, credsAuthenticator } from '@nats-io/transport-node'
import { type Clock } from '../clock'
import { type Credential } from '../model/opaque'
import { Unavailable } from '../model/unavailable'
import { mendOf, troubleText } from './nats-trouble'

export interface ConnectionOptions {
  readonly servers: readonly string[]
  readonly user?: string | undefined
  readonly password?: Credential | undefined
  readonly token?: Credential | undefined
  /** What `nsc` writes: a JWT and the seed of its key. */
  readonly credentials?: Credential | undefined
  readonly tls?:
    | {
        /** PEM of the authorities that vouch for the servers. */
        readonly ca?: Credential | undefined
        readonly cert?: Credential | undefined
        readonly key?: Credential | undefined
      }
    | undefined
}

const CONNECT_MS = 5_000
const RECONNECT_MS = 500
const RETRY_MS = 1_000
/**
 * What was not met for so long is over, and news when it comes again. Nothing shorter: while one part of a cluster chooses its
 * leader, others do well in between.
 */
const CALM_MS = 30_000
/** A server that hangs answers none of two: then the next one is asked. */
const PING_MS = 3_000

function optionsOf({ servers, user, password, token, credentials, tls }: ConnectionOptions): NodeConnectionOptions {
  const { ca, cert, key } = tls ?? {}
  return {
    ...{ servers: [...servers], name: 'xmpp-push', timeout: CONNECT_MS, maxReconnectAttempts: -1 },
    // Who is refused today may be let in tomorrow: the operator mends it without restarting us.
    ...{ reconnectTimeWait: RECONNECT_MS, ignoreAuthErrorAbort: true, pingInterval: PING_MS },
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password.text() }),
    ...(token === undefined ? {} : { token: token.text() }),
    ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(credentials.bytes()) }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(ca === undefined ? {} : { ca: ca.text() }),
            ...(cert === undefined ? {} : { cert: cert.text() }),
            ...(key === undefined ? {} : { key: key.text() }),
          },
        }),
  }
}

/** Rejects where no server takes us. `shown`: where they are, for people. */
export function connectTo(options: ConnectionOptions): Promise<NatsConnection> {
  return connect(optionsOf(options))
}

export interface Health {
  /** Does it once; tells what is wrong, unless that was told, and rejects with the words. */
  once<T>(work: () => Promise<T>): Promise<T>
  /** Tries until it works, telling what is wrong, unless that was told. Rejects once closed. */
  untilWell<T>(work: () => Promise<T>): Promise<T>
  /** Nothing is tried any more. */
  close(): void
}

export interface HealthOptions {
  readonly shown: string
  readonly clock: Clock
  readonly trouble: (text: string) => void
}

export function makeHealth({ shown, clock, trouble }: HealthOptions): Health {
  /** When each cause that was told was met last. */
  const met = new Map<string, number>()
  const ending = new AbortController()
  // Each partition sleeps on it while the servers are away.
  setMaxListeners(0, ending.signal)
  const tell = (error: unknown): Error => {
    const text = troubleText(shown, error)
    const mend = mendOf(error)
    const since = clock.elapsed() - (met.get(mend) ?? -Infinity)
    if (since >= CALM_MS && !ending.signal.aborted) trouble(text)
    met.set(mend, clock.elapsed())
    return new Unavailable(text, { cause: error })
  }
  return Object.freeze({
    async once<T>(work: () => Promise<T>) {
      try {
        return await work()
      } catch (error) {
        throw tell(error)
      }
    },
    async untilWell<T>(work: () => Promise<T>) {
      for (;;) {
        try {
          return await work()
        } catch (error) {
          const told = tell(error)
          if (ending.signal.aborted) throw told
          await clock.sleep(RETRY_MS, ending.signal)
          if (ending.signal.aborted) throw told
        }
      }
    },
    close: () => ending.abort(),
  })
}
