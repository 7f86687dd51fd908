/** What real XMPP servers answer `check --live`: it attaches to them and asks. */
import { callAt } from '../support/call'
import { systemClock, type Clock } from '../../lib/clock'
import { realDescribe } from '../support/available'
import { startEjabberd } from '../support/ejabberd'
import { makeFolder } from '../support/folder'
import { startProsody } from '../support/prosody'
import { PUSH, type RealServer, SECRET, serverForAll, TOWN } from '../support/real-server'

function tellAnswers(server: () => RealServer, software: string): void {
  const folder = makeFolder()
  const check = async (clock: Clock) => {
    const component = { domain: PUSH, service: server().componentService, secret: SECRET }
    const apps = { 'org.example.web': { provider: 'webpush', profile: 'webpush' } }
    const file = folder.write('config.json', { component, store: { kind: 'sqlite', file: 'push.db' }, apps })
    const { out } = await callAt(clock, 'check', '--config', file, '--live')
    return out.split('\n').filter((line) => line.includes('localhost answers'))
  }

  it('tells its software, its version and a clock that is ours', async () => {
    expect(await check(systemClock)).toEqual([
      expect.stringMatching(
        new RegExp(`^server +localhost answers: ${software} \\S+.*, its clock \\d\\.\\d s from ours$`),
      ),
    ])
  })

  it('tells a clock that is two minutes off', async () => {
    expect(await check({ ...systemClock, now: () => systemClock.now() + 120_000 })).toEqual([
      expect.stringMatching(new RegExp(`^warning +localhost answers: ${software} .*, its clock is 2 min behind ours$`)),
    ])
  })
}

realDescribe('prosody', 'a real Prosody asked by check --live', () => {
  tellAnswers(
    serverForAll(() => startProsody(TOWN)),
    'Prosody',
  )
})

realDescribe('ejabberd', 'a real ejabberd asked by check --live', () => {
  tellAnswers(
    serverForAll(() => startEjabberd(TOWN)),
    'ejabberd',
  )
})
