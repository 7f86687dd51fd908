// A strict fake of Apple's provider API for push (HTTP/2, `POST /3/device/<token>`), to be run in place of api.push.apple.com.
//
// Strict: TLS and ALPN, line and headers, provider tokens and certificates, push type against topic, priority and payload, sizes, the state
// of each device, streams and GOAWAY. What a correct client never does is listed in `violations`, whether Apple would refuse it or not.
// Scriptable: any answer and any fault of the wire, per request, per device, by chance (apns-answers.ts, apns-scripts.ts).
// Not verified against Apple: the order of rules, and what the heads of the apns-*.ts files say of single ones. Not imitated: store and
// forward, delivery to a device, broadcast channels, connection quotas. It shares no code with the provider that it checks.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ApnsConnection, type ArrivedStream, serveConnection } from './apns-connection'
import { readPushCertificate } from './apns-certificate'
import { makeDevices } from './apns-devices'
import { warning, type Finding } from './apns-findings'
import { tokenOf, type Asked } from './apns-headers'
import { judge } from './apns-judge'
import { listen } from './apns-listener'
import { payloadOf } from './apns-payload'
import { carryOut, statusOf, toldAs } from './apns-respond'
import { makeScripts } from './apns-scripts'
import { type ApnsRequest, type ApnsSimulator, type ApnsSimulatorOptions, type NotedFinding } from './apns-simulator'
import { makeProviderTokens, type ConnectionAuthority } from './apns-tokens'
import { processAuthority } from './certificates'
import { makeJournal } from './journal'
import { after, systemNow } from './time'

export type { ApnsRequest, ApnsSimulator, ApnsSimulatorOptions, NotedFinding } from './apns-simulator'

const MINUTE_MS = 60_000

/** One client that errs all day must not fill the memory; the first errors tell most. */
const MOST_NOTED = 10_000

const askedFrom = ({ headers, rawHeaders, body }: ArrivedStream, at: number): Asked => {
  const single: Record<string, string> = {}
  const repeated: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (Object.hasOwn(single, name)) repeated.push(name)
    else single[name] = rawHeaders[index + 1] ?? ''
  }
  return { at, method: headers[':method'] ?? '', path: headers[':path'] ?? '', headers: single, repeated, body }
}

/** Starts a simulator that knows no key and no device yet. Rejects when the port is taken. */
export const startApnsSimulator = async (options: ApnsSimulatorOptions = {}): Promise<ApnsSimulator> => {
  const { environment = 'production', now = systemNow, host = '127.0.0.1', wrongCertificate = 'status' } = options
  const limits = { first: 1, then: 1000, ...options.streams }
  const scripts = makeScripts(options.seed ?? 1)
  const tokens = makeProviderTokens({
    environment,
    environmentReason: options.environmentReason ?? 'BadEnvironmentKeyInToken',
    updates: options.tokenUpdates ?? { count: 1, withinMs: 20 * MINUTE_MS },
  })
  const devices = makeDevices(environment, options.tokenBucket, options.welcomes)
  const apps = new Map<string, string>()
  const world = { environment, tokens, devices, apps }
  const { journal, record } = makeJournal<ApnsRequest>('a request to APNs')
  const violations: NotedFinding[] = []
  const warnings: NotedFinding[] = []
  const connections: ApnsConnection[] = []
  let requests = 0
  const failedHandshakes: string[] = []

  const note = (finding: Finding, connection: number, stream: number) => {
    if (finding.severity === 'state') return
    const noted = finding.severity === 'violation' ? violations : warnings
    if (noted.length < MOST_NOTED) noted.push({ ...finding, connection, stream })
  }

  /** One limit after another, as Apple changes it by what a connection has shown. */
  const makeStreamLimit = (first: number) => {
    let current = first
    return (connection: ApnsConnection, wanted: number | undefined) => {
      if (wanted === undefined || wanted === current) return
      current = wanted
      connection.limitStreams(wanted)
    }
  }

  const serve = (
    arrived: ArrivedStream,
    connection: ApnsConnection,
    authority: ConnectionAuthority,
    limit: ReturnType<typeof makeStreamLimit>,
  ) => {
    const asked = askedFrom(arrived, now())
    const token = tokenOf(asked)
    const judgement = judge(asked, connection, authority, world)
    const judged = statusOf(judgement, environment)
    const { answer, afterMs } = scripts.take(token, judgement.topic)
    const stream = arrived.stream.id ?? 0
    for (const finding of judgement.findings) note(finding, connection.id, stream)
    const answered = toldAs(answer, judged, stream)
    record({
      number: ++requests,
      at: asked.at,
      connection: connection.id,
      stream,
      method: asked.method,
      path: asked.path,
      headers: asked.headers,
      token,
      topic: judgement.topic,
      body: asked.body,
      payload: payloadOf(asked.body),
      client: judgement.client,
      findings: judgement.findings,
      answer: answered,
    })
    const act = () => {
      if (answered.kind === 'status' && answered.status !== 200) limit(connection, limits.afterRefusal)
      else if (judgement.client.kind !== 'unknown') limit(connection, limits.then)
      const date = options.tellsTime === true ? new Date(now()).toUTCString() : undefined
      carryOut(answer, judged, arrived, connection, date)
    }
    if (afterMs > 0) after(afterMs, act)
    else act()
  }

  const warnOfHaste = () => {
    const recent = connections.filter(({ openedAt }) => now() - openedAt < MINUTE_MS).length
    if (recent > (options.connectsPerMinute ?? 30))
      note(warning('connects-per-minute', `${String(recent)} connections in a minute: keep them open`), 0, 0)
  }

  const listener = await listen({
    host,
    port: options.port ?? 0,
    certificate: options.certificate ?? processAuthority().issueServer(),
    clientCa: options.clientCa,
    onFailure: (why) => {
      failedHandshakes.push(why)
    },
    onConnection: (socket, raw) => {
      const peer = socket.getPeerX509Certificate()
      const certificate = peer === undefined ? undefined : readPushCertificate(peer)
      const isWrong = certificate?.environments.includes(environment) === false
      if (isWrong && wrongCertificate === 'close') {
        failedHandshakes.push(`the certificate is not for ${environment}`)
        socket.destroy()
        return
      }
      const authority: ConnectionAuthority = { key: undefined, isWedged: false }
      const streamLimit = certificate === undefined ? limits.first : limits.then
      const limit = makeStreamLimit(streamLimit)
      const begin = () => {
        if (socket.destroyed) return
        const id = connections.length + 1
        const connection = serveConnection({
          id,
          openedAt: now(),
          socket,
          raw,
          certificate,
          streamLimit,
          onStream: (arrived, on) => {
            serve(arrived, on, authority, limit)
          },
          note: (finding, stream) => {
            note(finding, id, stream)
          },
        })
        connections.push(connection)
        warnOfHaste()
        if (isWrong && wrongCertificate === 'goaway')
          connection.inflict({ kind: 'goaway', goaway: { lastStreamId: 'none', reason: 'BadCertificateEnvironment' } })
      }
      if (options.settingsAfterMs === undefined) begin()
      else after(options.settingsAfterMs, begin)
    },
  })

  return Object.freeze({
    port: listener.port,
    url: `https://${host.includes(':') ? `[${host}]` : host}:${String(listener.port)}`,
    ca: processAuthority().caPem,
    addKey: tokens.add,
    removeKey: tokens.remove,
    addApp: ({ bundleId, teamId }: { readonly bundleId: string; readonly teamId: string }) => {
      apps.set(bundleId, teamId)
    },
    addDevice: devices.add,
    changeDevice: devices.change,
    script: scripts.add,
    clearScripts: scripts.clear,
    journal,
    onRequest: journal.listen,
    received: (token: string) =>
      journal.entries.filter(
        (request) =>
          request.token.toLowerCase() === token.toLowerCase() &&
          request.answer.kind === 'status' &&
          request.answer.status === 200,
      ),
    violations,
    warnings,
    connections,
    failedHandshakes,
    refuseConnections: listener.refuse,
    close: async () => {
      await listener.close()
      // The sessions on top learn of it in the next turn.
      await nextTurn()
    },
  })
}
