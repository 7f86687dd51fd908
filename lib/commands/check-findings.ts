/** How `check` tells what is to be said of one app: by its credentials, by its push service, by the service that runs. */
import { type AppStatus, type Proven } from '../admin/questions'
import { type App } from '../config/app'
import { type Report } from './check-report'
import { handedInText } from './handed-in'

/** `mark`: the head of the first, which then names the app. */
export function tellFindings(app: string, findings: Proven['findings'], report: Report, mark = ''): void {
  const path = `apps.${app}`
  for (const [at, { is, text, mend }] of findings.entries()) {
    const whose = mark === '' || at > 0 ? '' : `${app}: `
    if (is === 'fact') report.fact(at === 0 ? mark : '', `${whose}${text}`, { mend, about: path })
    else if (is === 'fault') report.fault({ path, text, mend: mend ?? 'Correct it' })
    else report.warning({ path, text, mend })
  }
}

/** What the credentials of an app say of themselves, and what its push service will see. */
export async function tellApp(app: App, now: number, report: Report): Promise<void> {
  const about = `apps.${app.name}`
  report.fact('app', `${app.name}: ${app.provider.kind}, ${app.profile.name}`, { about })
  for (const fault of app.unread ?? []) report.fault(fault)
  tellFindings(app.name, await app.provider.check(now), report)
  report.fact('', `the push service sees: ${app.profile.reveals}`, { about })
}

/** What the configuration does not tell of an app: the service that runs, or its store. */
export function tellStanding({ name, provider }: App, { fuse, handedIn }: AppStatus, report: Report): void {
  const path = `apps.${name}`
  if (handedIn === undefined && provider.needsHandedIn) {
    const mend = 'Have an administrator run the command "Set APNS certificate" of the component'
    report.warning({ path, text: 'no certificate has been handed in yet, and its pushes wait for it', mend })
  }
  if (handedIn !== undefined) {
    report.fact('', handedInText(handedIn), { about: path })
    const mend = 'Hand in another one with the command "Set APNS certificate", or remove this one'
    for (const { is, text } of handedIn.findings) {
      if (is === 'fact') report.fact('', text, { about: path })
      else if (is === 'warning') report.warning({ path, text, mend })
      else report.fault({ path, text, mend })
    }
  }
  if (fuse === undefined) return
  const mend = `See that its credential, topic and project are right, then: xmpp-push fuse reset ${name}`
  report.warning({ path, text: `its fuse has blown: ${fuse}. No token of it is forgotten`, mend })
}
