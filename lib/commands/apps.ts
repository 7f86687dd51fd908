/** `xmpp-push apps`: a line for each app. */
import { type AppStatus, type Status } from '../admin/questions'
import { operate, type OperatorWords } from './operate'
import { aligned } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

function standing({ isConfigured, held, mend, doubt, fuse, handedIn }: AppStatus, isRunning: boolean): string {
  if (!isConfigured) return 'not in the configuration'
  if (held !== undefined) return `HELD: ${held}${mend === undefined ? '' : ` → ${mend}`}`
  if (doubt !== undefined) return `in DOUBT: ${doubt}`
  if (fuse !== undefined) return `FUSE blown: ${fuse}`
  if (!isRunning) return 'nobody sends'
  return handedIn === undefined ? 'ok' : `ok, with a certificate that ${handedIn.by} handed in`
}

function appLines({ running, apps }: Status): readonly string[] {
  const nobody = running === undefined ? ['the service does not run; what follows stands in its store'] : []
  if (apps.length === 0) return [...nobody, 'no apps']
  const rows = apps.map((app) => {
    const { account } = app
    const counts = [app.registrations, account?.accepted ?? 0, account?.delivered ?? 0, account?.waiting ?? 0]
    return [app.app, ...counts.map(String), standing(app, running !== undefined)]
  })
  return [...nobody, ...aligned([['APP', 'DEVICES', 'ACCEPTED', 'DELIVERED', 'WAITING', 'STANDING'], ...rows])]
}

export function listApps(words: OperatorWords, terminal: Terminal): Promise<ExitCode> {
  return operate(words, { ask: 'status' }, appLines, terminal)
}
