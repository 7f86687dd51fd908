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
  /** What else must be changed so that it shows. */
  readonly also?: { readonly from: string; readonly to: string }
  /** It shows where three instances share a database. */
  readonly isShared?: true
  /** Their queue is in NATS. */
  readonly outbox?: 'nats'
  /** How the claim begins that fails. */
  readonly claim: string
  /** Faults that would hide it, by words of their names. */
  readonly without?: string
}

const AGAIN = 'no call is sent again'
const MISSING = 'accepted contents that reached their device'

const ofOne: readonly Defect[] = [
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
    from: 'unblock.run([found]);',
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
    from: 'if (verdict.forget === undefined)',
    to: 'if (true)',
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

const INSTANCES = 'stores/postgres-instances.js'
const DEAD = 'd.state = 1 AND d.instance NOT IN (SELECT id FROM instance)'

const ofSeveral: readonly Defect[] = [
  {
    name: 'an instance takes what a living one has out',
    file: INSTANCES,
    from: DEAD,
    to: 'd.state = 1 AND d.instance <> $1',
    claim: 'in doubt is only what was out at a kill',
  },
  {
    name: 'what a dead instance had out is nobody’s',
    file: INSTANCES,
    from: DEAD,
    to: 'd.state = 1 AND false',
    claim: 'everything comes to its end',
  },
  {
    name: 'a call that a dead instance had out is rung again',
    file: INSTANCES,
    from: 'ambiguous = true',
    to: 'ambiguous = d.ambiguous',
    claim: AGAIN,
  },
  {
    name: 'the accounts of the dead are buried with them',
    file: INSTANCES,
    from: 'FROM ended GROUP BY',
    to: 'FROM ended WHERE false GROUP BY',
    claim: 'the books of all instances together close',
  },
  {
    name: 'an outage puts back what is under way',
    file: INSTANCES,
    from: 'id = ANY($3::uuid[])',
    to: 'id = ANY($3::uuid[]) AND false',
    claim: 'in doubt is only what was out at a kill',
  },
  {
    name: 'all instances count in one row, and write over each other',
    file: 'stores/postgres-story.js',
    from: 'SELECT app, instance, ${',
    to: 'SELECT app, 0, ${',
    also: {
      from: '${column} = account.${column} + excluded.${column}',
      to: '${column} = (SELECT a.${column} FROM account a WHERE (a.app, a.instance, a.line) = (account.app, account.instance, account.line)) + excluded.${column}',
    },
    claim: 'the books of all instances together close',
  },
  {
    name: 'an end is told two seconds before it is durable',
    file: 'stores/postgres-settling.js',
    from: 'queue.push({ settlements: shared(settlements), resolve, reject });',
    to: 'resolve(); setTimeout(() => { queue.push({ settlements: shared(settlements), resolve() {}, reject() {} }); schedule(); }, 2000); return;',
    claim: 'nothing is sent again once its end is durable',
  },
  {
    name: 'the database answers before it has written',
    file: 'stores/postgres-database.js',
    from: "set_config('jit', 'off', false)",
    to: "set_config('jit', 'off', false), set_config('synchronous_commit', 'off', false)",
    claim: MISSING,
  },
  {
    name: 'each instance signs a provider token of its own',
    file: 'providers/apns-token.js',
    from: 'if (found !== undefined && isOfUse(found, age))',
    to: 'if (false)',
    also: { from: 'if (isOfUse(stands, age))', to: 'if (false)' },
    claim: 'push services and XMPP server find nothing',
  },
]

const ofNats: readonly Defect[] = [
  {
    name: 'NATS: a call that a dead instance had out is rung again',
    file: 'outbox/nats-rules.js',
    from: 'attempts: row.attempts + 1, ambiguous: true',
    to: 'attempts: row.attempts + 1, ambiguous: row.ambiguous',
    claim: AGAIN,
  },
  {
    name: 'NATS: an end is told two seconds before it is durable',
    file: 'outbox/nats-outbox.js',
    from: 'await turns.settle((0, shifting_1.shiftedAll)(settlements, offset()));',
    to: 'const told = (0, shifting_1.shiftedAll)(settlements, offset()); setTimeout(() => void turns.settle(told).catch(() => undefined), 2000);',
    claim: 'nothing is sent again once its end is durable',
  },
  {
    name: 'NATS: what ended is acknowledged before it is written down',
    file: 'outbox/nats-turns.js',
    from: 'if (!(await (0, nats_partition_1.writeCommit)(',
    to: 'for (const row of its.ended) row.ack(); await new Promise((done) => setTimeout(done, 300)); if (!(await (0, nats_partition_1.writeCommit)(',
    claim: 'the books of all instances together close',
  },
]

export const defects: readonly Defect[] = [
  ...ofOne,
  ...ofSeveral.map((each): Defect => ({ ...each, isShared: true })),
  ...ofNats.map((each): Defect => ({ ...each, isShared: true, outbox: 'nats' })),
]

/** Breaks the program that was copied into `folder`. Throws where the line is not there any more, or more than once. */
export function inflict(name: string, folder: string): void {
  const defect = defects.find((each) => each.name === name)
  if (defect === undefined) throw new Error(`there is no defect "${name}"`)
  const file = join(folder, 'dist', defect.file)
  let text = readFileSync(file, 'utf8')
  for (const { from, to } of [defect, ...(defect.also === undefined ? [] : [defect.also])]) {
    if (text.split(from).length !== 2) throw new Error(`"${from}" does not stand once in ${defect.file}`)
    text = text.replace(from, () => to)
  }
  writeFileSync(file, text)
}
