/** A real Prosody and a client that nobody here wrote: what it publishes, how it takes answers, and the service attached to it. */
import { realDescribe } from '../support/available'
import { echoScene, tellLikeness } from '../support/echo-scene'
import { startProsody } from '../support/prosody'
import { attachRaw } from '../support/raw-component'
import { tellDeath } from '../support/real-death'
import { tellOutage } from '../support/real-outage'
import { PUSH, SECRET, serverForAll, TOWN } from '../support/real-server'
import { DEAD_AFTER, tellRealStory } from '../support/real-story'
import { tellTraffic } from '../support/real-traffic'
import { trafficScene } from '../support/traffic-scene'

realDescribe('prosody', 'a real Prosody', () => {
  const server = serverForAll(() => startProsody(TOWN))

  describe('with a component that answers what it is told to', () => {
    const scene = echoScene(server)

    tellLikeness(scene, 'prosody', /^[0-9a-f]{64}$/)

    it('removes the registration at the 16th error in a row, and not before', async () => {
      const component = scene.component()
      const before = component.publishes.length
      component.answerWith = { type: 'cancel', condition: 'item-not-found' }
      for (let nth = 1; nth <= DEAD_AFTER.prosody; nth++) {
        await scene.write(`message ${nth}`)
        await component.publish(before + nth)
      }
      await server().logged(/Disabling push notifications for identifier/)
      component.answerWith = undefined
      await scene.write('message 17')
      await scene.ping()
      expect(component.publishes.length).toBe(before + DEAD_AFTER.prosody)
    })

    it('refuses a second connection and a wrong secret', async () => {
      const port = Number(new URL(server().componentService).port)
      await expect(attachRaw(port, PUSH, SECRET)).rejects.toThrow('conflict')
      await expect(attachRaw(port, PUSH, 'x')).rejects.toThrow('not-authorized')
    })

    it('comes back on the same ports with what its users enabled', async () => {
      await scene.enable('n2')
      await scene.without(() => server().restart())
      await scene.write('Good morrow')
      const { stanza } = await scene.component().publish(1)
      expect(stanza.child('pubsub')?.child('publish')?.attrs['node']).toBe('n2')
      expect(stanza.child('pubsub')?.child('publish-options')).toBeUndefined()
      await scene.disable()
    })
  })

  describe('with the service attached', () => {
    tellRealStory(server, DEAD_AFTER.prosody)
  })

  describe('while the service is away', () => {
    tellOutage(server, { domain: PUSH, bounce: 'remote-server-timeout', registration: 'kept' })
  })

  describe('with the service in a process of its own', () => {
    const scene = trafficScene(server)
    tellTraffic(scene, { burst: 'gathered' })
    tellDeath(scene, { registrations: 'kept', second: 'conflict' })
  })
})
