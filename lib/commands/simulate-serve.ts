/** `simulate --serve`: only what a service needs around it stays up; what arrives is shown as it comes. */
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isWarning, makeServiceLog } from './simulate-log'
import { startTestPushService, type TestPushService } from './simulate-mattermost'
import { type Page } from './simulate-page'
import { vendorName } from './simulate-passage'
import { jsonLines, requestLines, verdictOf } from './simulate-shown'
import { type Received, type Sighting, type Stage } from './simulate-stage'
import { type ExitCode, type Terminal } from './terminal'

interface Around {
  readonly stage: Stage
  readonly page: Page
  readonly halt: AbortSignal
}

function showRequest({ page }: Around, request: Received): void {
  const where = request.by === 'oauth' ? `${vendorName.oauth}’s token endpoint` : vendorName[request.by]
  page.step(`${where} gets, and answers ${verdictOf(request)}`)
  page.show(requestLines(request, page.spell))
}

function show(around: Around, sighting: Sighting): void {
  const { stage, page } = around
  if (sighting.is === 'request') return showRequest(around, sighting.request)
  const { by, stanza } = sighting
  if (stanza.name === 'handshake') {
    if (by === 'server') page.step(`${stage.component} is attached`)
    return
  }
  page.step(by === 'server' ? 'The XMPP server sends' : 'The service sends')
  page.show(stage.xmlLines(stanza, page.spell))
}

/** What a person needs who wants to take part by hand: accounts and device tokens, in a file and not on the screen. */
async function writeProperties({
  configFile,
  devices,
  owner,
  writer,
  password,
  clientService,
}: Stage): Promise<string> {
  const file = join(dirname(configFile), 'accounts.json')
  const accounts = { accounts: [owner, writer], password, ...(clientService === undefined ? {} : { clientService }) }
  const tokens = devices.map(({ name, app, token }) => ({ name, app, token }))
  await writeFile(file, `${JSON.stringify({ ...accounts, devices: tokens }, undefined, 2)}\n`, { mode: 0o600 })
  return file
}

/** Registers the devices that have no node yet, then someone writes to their owner. */
async function act({ stage, page }: Around, registered: Set<string>, text: string): Promise<void> {
  for (const device of stage.devices) {
    if (registered.has(device.app)) continue
    const { answered, node } = await stage.register(device)
    if (node === undefined) {
      page.step(`${device.name} could not register; it was answered`)
      page.show(stage.xmlLines(answered, page.spell))
      continue
    }
    registered.add(device.app)
    await stage.enable(device, node)
  }
  await stage.leave()
  if (registered.size > 0) await stage.write(text)
}

/** What comes for a Mattermost server's phones is shown; of a device's token the end alone. */
async function serveMattermost(around: Around, clock: Terminal['clock']): Promise<TestPushService> {
  const { stage, page, halt } = around
  const log = makeServiceLog('warn')
  const service = await startTestPushService({
    ...{ folder: dirname(stage.configFile), clock },
    observe(event) {
      log.observe(event)
      const entry = log.entries.at(-1)
      if (halt.aborted || entry === undefined || !isWarning(entry)) return
      page.step('The test push service for Mattermost says')
      page.show([entry.line])
    },
    tell(request, token) {
      if (!stage.secrets.includes(token)) stage.hide(token)
      showRequest(around, request)
    },
  })
  page.step('For a Mattermost server')
  page.show([`MM_EMAILSETTINGS_PUSHNOTIFICATIONSERVER=${service.url}`])
  page.say('Every phone’s token is taken, nothing leaves this machine, and the server hears OK.')
  return service
}

/** Serves until the person has had enough. */
export async function serve(around: Around, lines: readonly string[], { onEnter, clock }: Terminal): Promise<ExitCode> {
  const { stage, page, halt } = around
  const properties = await writeProperties(stage)
  page.step('For a service of your own')
  page.show(jsonLines(stage.config))
  page.say(`This is ${stage.configFile}; start your service with it:`)
  page.show([`xmpp-push run --config ${stage.configFile}`])
  page.say(`Accounts and device tokens, to register by hand, are in ${properties}`)
  const mattermost = await serveMattermost(around, clock)
  page.heading(
    onEnter === undefined
      ? '\nWhat arrives is shown below. Ctrl-C ends.'
      : '\nWhat arrives is shown below. Enter registers the devices and sends a message; Ctrl-C ends.',
  )
  const forget = stage.journal.listen((sighting) => show(around, sighting))
  const registered = new Set<string>()
  let pressed = 0
  let acting: Promise<void> = Promise.resolve()
  const ignore = onEnter?.(() => {
    const text = lines[pressed++ % lines.length] ?? ''
    acting = acting
      .then(() => act(around, registered, text))
      .catch((error: unknown) => page.end('bad', error instanceof Error ? error.message : String(error)))
  })
  await new Promise<void>((done) => {
    if (halt.aborted) done()
    halt.addEventListener('abort', () => done(), { once: true })
  })
  ignore?.()
  forget()
  await mattermost.close()
  return 0
}
