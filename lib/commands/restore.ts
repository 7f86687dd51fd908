/** `xmpp-push restore`: puts a backup in the place of the embedded store, while no service runs on it. */
import { resolve } from 'node:path'
import { type Restored } from '../model/backup'
import { drawing } from './backup'
import { NotDone, ownStore, type OwnStore } from './own-store'
import { aligned, counted, moment } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

export interface RestoreWords {
  /** The configuration. */
  readonly file: string
  readonly from: string
  readonly withoutOutbox: boolean
  readonly withoutKey: boolean
  readonly json: boolean
}

async function refuseRunning(store: OwnStore): Promise<void> {
  if ((await store.ask({ ask: 'status' })) === undefined) return
  throw new NotDone(
    'a service runs on this store, which can not be exchanged under it; stop it, restore, and start it again:\n' +
      '  systemctl stop xmpp-push\n  xmpp-push restore --from …\n  systemctl start xmpp-push',
  )
}

/** `3 pushes that waited` */
const waited = (count: number): string => `${counted(count, 'push', 'pushes')} that waited`

function devicesText({ registrations, lost }: Restored): string {
  if (lost === undefined) return `${registrations}; those that registered after the backup was made are lost`
  if (lost === 0) return `${registrations}; none registered after the backup was made`
  return `${registrations}; ${lost} that registered after the backup was made ${lost === 1 ? 'is' : 'are'} lost, until their apps register again`
}

function pushesText({ waiting, abandoned }: Restored): readonly string[] {
  return [
    ...(waiting === 0 ? [] : [`${waited(waiting)} then will be sent, again where they were sent since`]),
    ...(abandoned === 0 ? [] : [`${waited(abandoned)} then will not be sent, and are counted as abandoned`]),
  ]
}

function lines(restored: Restored): readonly string[] {
  const { from, to, madeAt, former, key } = restored
  const pushes = pushesText(restored)
  return [
    ...aligned([
      ['store', to],
      [
        'backup',
        `${from}, ${madeAt === undefined ? 'not made by a backup' : `as of ${moment(madeAt)}`}, whole and checked`,
      ],
      ['devices', devicesText(restored)],
      ['pushes', pushes.length === 0 ? 'none waited then' : pushes.join('; ')],
      ...(key === undefined ? [] : [['key', `${key} is the one of the backup now`]]),
      ['former', former === undefined ? 'there was none' : `${former}; remove it once all is well`],
    ]),
    'start the service',
  ]
}

/** 0 where the backup is in place; else 1, with the reason, and the store is as it was. */
export async function restore(words: RestoreWords, terminal: Terminal): Promise<ExitCode> {
  const { file, withoutOutbox, withoutKey, json } = words
  const from = resolve(words.from)
  const { progress, end } = drawing(terminal)
  try {
    const store = ownStore(file, 'restore', from, terminal.clock)
    await refuseRunning(store)
    const restored = await store.backup.restoring(terminal.clock).atOnce({ from, withoutOutbox, withoutKey }, progress)
    end()
    terminal.out(`${json ? JSON.stringify(restored, undefined, 2) : lines(restored).join('\n')}\n`)
    return 0
  } catch (error) {
    end()
    const why = error instanceof Error ? error.message : String(error)
    terminal.err(`xmpp-push: ${why}${error instanceof NotDone ? '' : '; the store is as it was'}\n`)
    return 1
  }
}
