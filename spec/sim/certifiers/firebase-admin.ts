// Sends messages with Google's own server library. Second argument: JSON of {account, legacy?, rounds}.
import http2 from 'node:http2'
import { cert, initializeApp } from 'firebase-admin/app'
import { getMessaging, type Message } from 'firebase-admin/messaging'

interface Task {
  readonly account: Readonly<Record<string, string>>
  readonly legacyTransport?: boolean
  readonly messages: readonly Message[]
  readonly dryRun?: boolean
}

// COMPAT(firebase-admin ≤ 13.10.0): it writes `:scheme: https:`, colon included (RFC 9113 §8.3.1). Google takes that; the HTTP/2
// library inside Node, on which the simulator rests, resets the stream before anyone can look at it.
const { connect } = http2
Reflect.set(http2, 'connect', (authority: string | URL, given: http2.SecureClientSessionOptions) => {
  const session = connect(authority, given)
  const request = session.request.bind(session)
  session.request = (headers, options) => request({ ...headers, ':scheme': 'https' }, options)
  return session
})

const { account, messages, legacyTransport = false, dryRun = false } = JSON.parse(process.argv[3] ?? '') as Task
const app = initializeApp({ credential: cert(account) })
const messaging = getMessaging(app)
if (legacyTransport) messaging.enableLegacyHttpTransport()

void messaging.sendEach([...messages], dryRun).then((batch) => {
  const told = batch.responses.map((one) =>
    one.success ? { id: one.messageId } : { code: one.error?.code, message: one.error?.message },
  )
  process.stdout.write(JSON.stringify(told))
})
