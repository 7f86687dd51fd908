import { version } from '../package.json'
import { call } from './support/call'

describe('lib/cli', () => {
  it('prints the version', async () => {
    expect(await call('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })

  it('teaches what to begin with', async () => {
    const { code, out } = await call('--help')
    expect(code).toBe(0)
    expect(out).toMatch(/Begin with `xmpp-push simulate --once`/)
    for (const command of ['run', 'check', 'simulate']) expect(out).toMatch(new RegExp(`^ {2}${command} `, 'm'))
  })

  it.each(['run', 'check', 'simulate'])('teaches what %s does', async (command) => {
    const { code, out } = await call('help', command)
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^Usage: xmpp-push ${command} `))
  })

  it.each([
    [['chekc'], "unknown command 'chekc'"],
    [['check', '--lvie'], "unknown option '--lvie'"],
    [['check', '--config'], 'argument missing'],
    [['check', 'everything'], 'too many arguments'],
    [['run', 'now'], 'too many arguments'],
    [['simulate', '--twice'], "unknown option '--twice'"],
    [['explain', ''], '<what> is empty'],
    [['devices', 'remove', ' '], '<device> is empty'],
    [['devices', 'erase', '--owner', ''], '--owner <jid> is empty'],
    [['restore', '--from', ''], '--from <file> is empty'],
    [['status', '--config='], '-c, --config <file> is empty'],
    [['outbox', 'drop', ''], '[push] is empty'],
    [[], 'Usage: xmpp-push'],
  ])('ends with 2 where the words are off: %j', async (words, told) => {
    const { code, out, err } = await call(...words)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain(told)
  })

  it('prints the JSON Schema of the configuration', async () => {
    const { code, out } = await call('schema')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ title: 'xmpp-push: component.config.json' })
  })

  it.each(['run', 'check'])('%s ends with 1 where there is no configuration, and says what to do', async (command) => {
    const { code, out, err } = await call(command, '--config', '/nowhere/config.json')
    expect(code).toBe(1)
    expect(out + err).toMatch(/FAULT +\/nowhere\/config.json: there is no such file\n +→ Name the configuration/)
  })
})
