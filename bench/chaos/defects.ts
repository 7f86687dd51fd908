/**
 * Programs that are broken on purpose, one line each, and the claim of the chaos run that must notice it: a run that finds
 * nothing proves something only if it finds these.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Defect {
  readonly name: string
  /** Below `dist`. */
  readonly file: string
  /** What stands there once, and what stands there instead. */
  readonly from: string
  readonly to: string
  /** How the claim begins that fails. */
  readonly claim: string
  /** Faults that would hide it, by words of their names. */
  readonly without?: string
}

const AGAIN = 'no call is sent again'
const MISSING = 'accepted contents that reached their device'

export const defects: readonly Defect[] = [
  {
    name: 'what a kill met out comes back as if it had never been sent',
    file: 'stores/sqlite-settle.js',
    from: 'attempts = attempts + 1, ambiguous = 1',
    to: 'attempts = attempts + 1, ambiguous = ambiguous',
    claim: AGAIN,
  },
  {
    name: 'a call whose fate is unknown is sent again',
    file: 'dispatch/verdict.js',
    from: "outcome.ambiguous && history.class === 'call'",
    // The sender would abandon what is marked.
    to: 'outcome.ambiguous && ((outcome = { ...outcome, ambiguous: false }), false)',
    claim: AGAIN,
  },
  {
    name: 'calls live for two minutes',
    file: 'model/notification.js',
    from: 'call: 30_000',
    to: 'call: 120_000',
    claim: 'no call is tried after its expiry',
    // A clock that is set ahead by more lets every call expire that waits.
    without: 'clock',
  },
  {
    name: 'a kill takes along what waited',
    file: 'stores/sqlite-settle.js',
    from: "database.exec('UPDATE delivery SET state = 0 WHERE state = 2');",
    to: "database.exec('DELETE FROM delivery WHERE state = 0');",
    claim: MISSING,
  },
  {
    name: 'a publish is answered before it is durable',
    file: 'intake/publish.js',
    from: 'const putting = outbox.put([delivery]);',
    to: "const putting = (outbox.put([delivery]).catch(() => undefined), Promise.resolve(['kept']));",
    claim: MISSING,
  },
  {
    name: 'a wake-up that takes another one’s place is dropped',
    file: 'stores/sqlite-put.js',
    from: 'insertWaiting.run(waits)',
    to: 'insertWaiting.run(plan.replaced.length > 0 ? [] : waits)',
    claim: 'accepted wake-ups after which their device was woken',
  },
  {
    name: 'a busy device is taken for a dead one',
    file: 'providers/apns-reasons.js',
    from: "TooManyRequests: reason(429, 'busy target'",
    to: "TooManyRequests: reason(429, 'gone'",
    claim: 'no living token was forgotten',
  },
  {
    name: 'a dead token is never forgotten',
    file: 'dispatch/sender.js',
    from: 'if (verdict.forget !== undefined)',
    to: 'if (false)',
    claim: 'dead tokens are forgotten',
  },
  {
    name: 'a provider token is signed anew each second',
    file: 'providers/apns-token.js',
    from: 'RENEWED_AFTER = 45 * MINUTE',
    to: 'RENEWED_AFTER = 1_000',
    // Apple refuses the second one, so that it is never in use: APNs tells of it.
    claim: 'push services and XMPP server find nothing',
  },
  {
    name: 'the limit of streams is not read',
    file: 'wire/h2/peer-settings.js',
    from: 'settings.maxConcurrentStreams = value;',
    to: 'settings.maxConcurrentStreams = 1000;',
    claim: 'push services and XMPP server find nothing',
  },
  {
    name: 'what is delivered is counted twice',
    file: 'stores/sqlite-settle.js',
    from: 'standing.count(out.app, end);',
    to: "standing.count(out.app, end); if (end === 'delivered') standing.count(out.app, end);",
    claim: 'the books close at every kill',
  },
  {
    name: 'every publish stays in memory',
    file: 'intake/publish.js',
    from: 'const putting = outbox.put([delivery]);',
    to: '(globalThis.kept ??= []).push(Buffer.alloc(1_000_000, 1)); const putting = outbox.put([delivery]);',
    claim: 'memory stays under',
  },
]

/** Breaks the program that was copied into `folder`. Throws where the line is not there any more, or more than once. */
export function inflict(name: string, folder: string): void {
  const defect = defects.find((each) => each.name === name)
  if (defect === undefined) throw new Error(`there is no defect "${name}"`)
  const file = join(folder, 'dist', defect.file)
  const text = readFileSync(file, 'utf8')
  if (text.split(defect.from).length !== 2) throw new Error(`"${defect.from}" does not stand once in ${defect.file}`)
  writeFileSync(
    file,
    text.replace(defect.from, () => defect.to),
  )
}
