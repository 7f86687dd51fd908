// What a simulator of APNs is asked for and what it offers: words only, the simulator is apns.ts.

import { type ApnsConnection } from './apns-connection'
import { type Device, type DeviceState, type TokenBucket } from './apns-devices'
import { type ApnsEnvironment, type Finding } from './apns-findings'
import { type ApnsClient } from './apns-judge'
import { type ApnsAnswered } from './apns-respond'
import { type ApnsScript, type GivenScript } from './apns-scripts'
import { type ProviderKey, type TokenUpdates } from './apns-tokens'
import { type Certified } from './certificates'
import { type Journal } from './journal'
import { type Now } from './time'

/** How a simulator differs from a plain production endpoint on any port of 127.0.0.1. */
export interface ApnsSimulatorOptions {
  /** Which of Apple's two hosts it stands for. Default: production. */
  readonly environment?: ApnsEnvironment
  /** Default 127.0.0.1. */
  readonly host?: string
  readonly port?: number
  /** Milliseconds since 1970, for everything that Apple's clock decides; latencies are real time nevertheless. */
  readonly now?: Now
  /** Answers carry a `date`. Default: none does, for Apple documents none. */
  readonly tellsTime?: boolean
  /** Of all chance in scripts. */
  readonly seed?: number
  /** Default: one for 127.0.0.1, localhost and ::1, by the authority of this process. */
  readonly certificate?: Certified
  /** Whose client certificates are trusted (PEM). Without it none is asked for, and only tokens count. */
  readonly clientCa?: string
  /** SETTINGS_MAX_CONCURRENT_STREAMS before and after the first valid token (1, 1000), and after a refused notification (no change). */
  readonly streams?: { readonly first?: number; readonly then?: number; readonly afterRefusal?: number }
  /** How long HTTP/2 keeps silent after the TLS handshake, its SETTINGS included; real milliseconds. */
  readonly settingsAfterMs?: number
  /** How many new tokens a key may come with, in which time. Default: 1 in 20 minutes. */
  readonly tokenUpdates?: TokenUpdates
  /** Apple documents BadEnvironmentKeyIdInToken, and its production sends the default, BadEnvironmentKeyInToken. */
  readonly environmentReason?: 'BadEnvironmentKeyInToken' | 'BadEnvironmentKeyIdInToken'
  /** A limit for each device token. Default: none. */
  readonly tokenBucket?: TokenBucket
  /** A token that nobody added is a device of the topic it is first pushed to. Default: it is unknown, as with Apple. */
  readonly welcomes?: boolean
  /** More connections in a minute than this are warned of: Apple takes them for an attack. Default 30. */
  readonly connectsPerMinute?: number
  /** How a certificate of the other environment is met: with a 403 (default), with GOAWAY, or by closing. */
  readonly wrongCertificate?: 'status' | 'goaway' | 'close'
}

/** A request as the simulator saw it, and what it was met with. */
export interface ApnsRequest {
  /** 1 for the first. */
  readonly number: number
  /** When it was complete, by the simulator's clock. */
  readonly at: number
  readonly connection: number
  readonly stream: number
  readonly method: string
  readonly path: string
  /** In lower case, pseudo-headers included; of a repeated one the first value. It contains the provider token. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly token: string
  /** The header, or the default of the certificate. */
  readonly topic: string
  readonly body: Buffer
  /** The body as a JSON object; undefined when it is none. */
  readonly payload: Readonly<Record<string, unknown>> | undefined
  readonly client: ApnsClient
  readonly findings: readonly Finding[]
  readonly answer: ApnsAnswered
}

/** A finding and where it was made; stream 0 is the connection itself, connection 0 the simulator. */
export interface NotedFinding extends Finding {
  readonly connection: number
  readonly stream: number
}

/** A simulator that runs. */
export interface ApnsSimulator {
  readonly port: number
  /** `https://127.0.0.1:<port>`. */
  readonly url: string
  /** What a client must trust, if the certificate was not given. */
  readonly ca: string
  readonly addKey: (key: ProviderKey) => void
  readonly removeKey: (keyId: string) => void
  /** Makes a bundle id the property of a team: tokens of others get TopicDisallowed. */
  readonly addApp: (app: { readonly bundleId: string; readonly teamId: string }) => void
  readonly addDevice: (device: Device) => void
  readonly changeDevice: (token: string, to: DeviceState) => void
  readonly script: (script: ApnsScript) => GivenScript
  /** Takes back all scripts. */
  readonly clearScripts: () => void
  readonly journal: Journal<ApnsRequest>
  /** Calls back with each request, until the returned function is called. */
  readonly onRequest: (listener: (request: ApnsRequest) => void) => () => void
  /** What was accepted for a device, oldest first, as far as the journal goes back. */
  readonly received: (token: string) => readonly ApnsRequest[]
  /** What no correct client does. A test of a client ends with: there are none. */
  readonly violations: readonly NotedFinding[]
  /** What Apple advises against. */
  readonly warnings: readonly NotedFinding[]
  /** All connections so far, those that have ended too. */
  readonly connections: readonly ApnsConnection[]
  /** Handshakes that failed, in the words of TLS. */
  readonly failedHandshakes: readonly string[]
  /** Whether TCP connections are closed before TLS. */
  readonly refuseConnections: (refuse: boolean) => void
  /** Ends all connections at once and frees the port. */
  readonly close: () => Promise<void>
}
