// Sends messages with Google's own server library. Second argument: JSON of {account, legacy?, rounds}.
import { cert, initializeApp, type ServiceAccount } from 'firebase-admin/app'
import { getMessaging, type Message } from 'firebase-admin/messaging'

interface Task {
  readonly account: Readonly<Record<string, string>>
  readonly legacyTransport?: boolean
  readonly messages: readonly Message[]
  readonly dryRun?: boolean
}

const { account, messages, legacyTransport = false, dryRun = false } = JSON.parse(process.argv[3] ?? '') as Task
const app = initializeApp({ credential: cert(account as ServiceAccount) })
const messaging = getMessaging(app)
if (legacyTransport) messaging.enableLegacyHttpTransport()

void messaging.sendEach([...messages], dryRun).then((batch) => {
  const told = batch.responses.map((one) =>
    one.success ? { id: one.messageId } : { code: one.error?.code, message: one.error?.message },
  )
  process.stdout.write(JSON.stringify(told))
})
