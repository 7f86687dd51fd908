/** Every question answered: one set of functions for the command and for whatever else an operator asks through. */
import { randomUUID } from 'node:crypto'
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Records, type Registry, type Upkeep } from '../stores/store'
import { eraseOwner, listDevices, removeDevice, showDevice } from './devices'
import { type Exchange } from './exchange'
import { explain } from './explain'
import { type HandIn } from './hand-in'
import { type HoldingStill } from './holding-still'
import { type History } from './history'
import { noSuchApp } from './known-app'
import { type Live } from './live'
import { type PreviewTest, previewDevice } from './preview'
import { type Proving } from './proving'
import { type Ask, type Question, type Reloaded, type Reply } from './questions'
import { tellStatus, type KeptOfApps } from './status'
import { takeIn } from './take-in'
import { testDevice, type SendTest } from './test-push'

const NO_EXCHANGE = 'this service can not exchange its store while it runs; stop it, restore, and start it again'

/** What a running service has besides its records. */
export interface Running {
  readonly live: Live
  readonly registry: Registry
  readonly upkeep: Upkeep
  readonly observe: Observe
  readonly history: History
  readonly test: SendTest
  readonly preview: PreviewTest
  readonly proving: Pick<Proving, 'now'>
  readonly handIn: HandIn
  readonly still: HoldingStill
  /** Absent where nobody could start the service again on another store. */
  readonly exchange?: Exchange
  /** Reads the configuration again; absent where it was not read from a file. */
  readonly reload?: () => Promise<Reloaded>
}

export interface DeskOptions {
  readonly records: Records
  /** Absent where no service runs: only what reads is answered then. */
  readonly running: Running | undefined
  /** Names of the apps that are configured. */
  readonly apps: () => readonly string[]
  /** How many pushes of each device are told. */
  readonly perDevice: () => number
  /** What is kept of apps besides. */
  readonly kept: () => Promise<KeptOfApps>
  readonly clock: Clock
}

/** Rejects only where the store is broken. */
export function makeDesk({ records, running, apps, perDevice, kept, clock }: DeskOptions): Ask {
  const live = running?.live
  const held = (): Readonly<Record<string, string>> => Object.fromEntries(live?.held() ?? [])

  async function change(
    question: Question,
    { live, registry, upkeep, observe, history, test, preview, proving, handIn, still, reload, exchange }: Running,
  ): Promise<Reply> {
    switch (question.ask) {
      case 'remove':
        return removeDevice(records, registry, observe, question.name)
      case 'erase':
        return eraseOwner(upkeep, observe, question.owner, clock.now())
      case 'retry': {
        const { delivery, app } = question
        if ((delivery === undefined) === (app === undefined)) return failed('name a delivery or an app, one of both')
        if (app !== undefined) live.release(app)
        const which = delivery === undefined ? { app: app ?? '' } : { delivery }
        const retried = await upkeep.hasten(which, clock.now())
        return retried > 0 || app !== undefined
          ? { is: 'answer', answer: { retried } }
          : failed(
              `delivery ${delivery ?? ''} does not wait for its time; \`xmpp-push explain\` tells what became of it`,
            )
      }
      case 'drop': {
        const { delivery, app } = question
        if ((delivery === undefined) === (app === undefined)) return failed('name a delivery or an app, one of both')
        const which = delivery === undefined ? { app: app ?? '' } : { delivery }
        const dropped = await upkeep.abandon(which, clock.now())
        if (dropped === 0 && delivery !== undefined)
          return failed(`delivery ${delivery} does not wait; \`xmpp-push explain\` tells what became of it`)
        observe({ at: 'notice', about: 'outbox', text: droppedText(dropped, app) })
        return { is: 'answer', answer: { dropped } }
      }
      case 'fuse-reset': {
        const was = live.fuses().get(question.app)
        if (was === undefined) return failed(`the fuse of ${question.app} has not blown`)
        await live.resetFuse(question.app)
        return { is: 'answer', answer: { app: question.app, was } }
      }
      case 'test':
        return testDevice({ records, test, held, observe }, question)
      case 'take-in': {
        const { devices, commit } = question
        const strange = devices.find(({ app }) => !apps().includes(app))
        if (strange !== undefined) return failed(`the service has no app ${strange.app}; reload its configuration`)
        const taking = { registry, records, commit, newId: randomUUID, now: () => registry.now() }
        return { is: 'answer', answer: { stands: await takeIn(devices, taking) } }
      }
      case 'prove': {
        const [apps, links] = await Promise.all([proving.now(), live.proveLinks?.() ?? live.links()])
        return { is: 'answer', answer: { apps, links } }
      }
      case 'preview':
        return previewDevice(records, preview, question.name)
      case 'statistics':
        return { is: 'answer', answer: { tallies: await history.tell(), at: clock.now() } }
      case 'reload':
        if (reload === undefined) return failed('this service was not started from a file that it could read again')
        return { is: 'answer', answer: await reload() }
      case 'set-certificate':
        return handIn.set(question)
      case 'drop-certificate':
        return handIn.drop(question)
      case 'hold-still':
        return still.hold(question.hold)
      case 'hold-place':
        return exchange === undefined ? failed(NO_EXCHANGE) : still.holdPlace(question.hold)
      case 'let-go':
        return still.letGo(question.hold)
      case 'holding': {
        const answer = await still.holding(question.after)
        return answer === undefined ? failed('its store has no file of its own') : { is: 'answer', answer }
      }
      case 'exchange': {
        const { hold, madeAt } = question
        if (exchange === undefined) return failed(NO_EXCHANGE)
        if (!still.passOn(hold)) return failed('the service did not wait for the end of the copy; restore again')
        exchange.begin(hold, madeAt)
        return { is: 'answer', answer: {} }
      }
      case 'exchanged':
        return exchange?.outcome(question.hold) ?? failed(NO_EXCHANGE)
      default:
        return failed(`"${question.ask}" changes nothing`)
    }
  }

  async function answer(question: Question): Promise<Reply> {
    const strange = await noSuchApp(question, { records, apps: apps() })
    if (strange !== undefined) return failed(strange)
    switch (question.ask) {
      case 'status':
        return { is: 'answer', answer: await tellStatus({ records, live, kept: await kept() }, apps(), clock.now()) }
      case 'devices':
        return listDevices(records, question)
      case 'device':
        return showDevice(records, question.name)
      case 'explain':
        return {
          is: 'answer',
          answer: await explain({ records, live, perDevice: perDevice() }, question.about, clock.now()),
        }
      case 'outbox': {
        const { app, limit } = question
        const waiting = await records.waiting({ ...(app === undefined ? {} : { app }), limit })
        return { is: 'answer', answer: { waiting, held: held(), at: clock.now() } }
      }
      default:
        return running === undefined ? failed('that takes a running service') : change(question, running)
    }
  }

  return answer as Ask
}

function droppedText(count: number, app: string | undefined): string {
  return `an operator dropped ${count} deliveries${app === undefined ? '' : ` of app ${app}`}; they are counted as abandoned`
}

function failed(why: string): { readonly is: 'failed'; readonly why: string } {
  return { is: 'failed', why }
}
