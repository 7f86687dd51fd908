/** `xmpp-push status`: links, apps with their accounting, what waits. */
import { type AppStatus, type LinkView, type Status } from '../admin/questions'
import { ends, type Account } from '../model/accounting'
import { handedInText } from './handed-in'
import { operate, type OperatorWords } from './operate'
import { counted, moment, roleText, span } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

const MARGIN = 10

function row(head: string, text: string): string {
  return `${head.padEnd(MARGIN)}${text}`
}

/** The accounting as the equation that it is: what was accepted is the sum of all that became of it. */
function accounting(account: Account): readonly string[] {
  const terms = ends.map((end) => `${account[end]} ${end}`)
  return [
    `${account.accepted} accepted = ${terms.slice(0, 5).join(' + ')}`,
    `  + ${[...terms.slice(5), `${account.inFlight} in flight`, `${account.waiting} waiting`].join(' + ')}`,
    ...(account.resent === 0 ? [] : [`${account.resent} sent again after an attempt that may have arrived`]),
  ]
}

function appLines(app: AppStatus, now: number): readonly string[] {
  const stranger = app.isConfigured ? '' : '; it is not in the configuration, so what waits for it waits on'
  const lines = [row('app', `${app.app}: ${counted(app.registrations, 'device')}${stranger}`)]
  for (const line of app.account === undefined ? ['no push yet'] : accounting(app.account)) lines.push(row('', line))
  if (app.oldest !== undefined)
    lines.push(row('', `the oldest that is not delivered came ${span(now - app.oldest)} ago`))
  if (app.handedIn !== undefined) lines.push(row('', handedInText(app.handedIn)))
  if (app.held !== undefined) {
    lines.push(row('HELD', `its pushes wait, and one now and then tries whether it is over: ${app.held}`))
    if (app.mend !== undefined) lines.push(row('', `→ ${app.mend}. Then: xmpp-push outbox retry --app ${app.app}`))
  }
  if (app.doubt !== undefined && app.held === undefined)
    lines.push(row('DOUBT', `its pushes are tried all the same, but ${app.doubt}`))
  if (app.fuse !== undefined) {
    lines.push(row('FUSE', `blown: ${app.fuse}. No token of it is forgotten`))
    lines.push(row('', `→ See that its credential, topic and project are right, then: xmpp-push fuse reset ${app.app}`))
  }
  if (app.missing !== 0)
    lines.push(row('FAULT', `the accounting does not close, it is off by ${app.missing}: a bug, please report it`))
  return lines
}

function linkText({ isOnline, isStandby, why }: LinkView): string {
  if (isStandby === true) return 'stands by; another instance is attached'
  return isOnline ? 'online' : `OFFLINE${why === undefined ? '; the log tells why' : `: ${why}`}`
}

/** The status for a person. */
export function statusLines(status: Status): readonly string[] {
  const { running, apps, noticed = [], waiting, inFlight, oldest, at } = status
  const age = oldest === undefined ? '' : `; the oldest came at ${moment(oldest)}, ${span(at - oldest)} ago`
  return [
    running === undefined
      ? row('service', 'does not run; what follows stands in its store')
      : row('service', `xmpp-push ${running.version}, up ${span(running.uptime)}`),
    ...(running?.roles.length === 1 ? [row('role', roleText(running.roles))] : []),
    ...(running?.links ?? []).flatMap((link) => [
      row('link', `${link.domain} at ${link.service}: ${linkText(link)}`),
      ...(link.mend === undefined ? [] : [row('', `→ ${link.mend}`)]),
    ]),
    ...(running?.interfaces ?? []).map(({ name, text }) => row('http', `${name}: ${text}`)),
    ...apps.flatMap((app) => appLines(app, at)),
    ...noticed.flatMap(({ about, text, mend }) => [row('NOTICED', `${about}: ${text}`), row('', `→ ${mend}`)]),
    row('outbox', `${waiting} waiting, ${inFlight} in flight${age}`),
  ]
}

export function status(words: OperatorWords, terminal: Terminal): Promise<ExitCode> {
  return operate(words, { ask: 'status' }, statusLines, terminal)
}
