/** The ad-hoc commands of administrators (XEP-0050 v1.3.0, in the manner of XEP-0133 v1.3.0): one line each. Knows who sees them, not what they do. */
import { type Jid } from '../model/jid'
import { type AdministratorCommand, type AdministratorOptions } from './administrator-command'
import { registerDevice, unregisterDevices } from './administrator-accounts'
import { setApnsCertificate } from './administrator-certificate'
import { listDevices, removeDevice } from './administrator-devices'
import { reload, statistics } from './administrator-service'
import { testPush } from './administrator-test-push'
import { type Command } from './commands'

/** In the order in which they are shown. */
const all: readonly AdministratorCommand[] = [
  listDevices,
  removeDevice,
  registerDevice,
  unregisterDevices,
  testPush,
  setApnsCertificate,
  statistics,
  reload,
]

export interface AdministratorCommands {
  /** What this requester may run: all, or nothing. */
  commands(requester: Jid): readonly Command[]
  /** Whether there is a command with that node, whoever may run it. */
  has(node: string): boolean
}

export function administratorCommands(options: AdministratorOptions): AdministratorCommands {
  const commands = all.map((make) => make(options))
  return Object.freeze({
    commands: (requester: Jid) => (options.register.isAdmin(requester) ? commands : []),
    has: (node: string) => commands.some((each) => each.node === node),
  })
}
