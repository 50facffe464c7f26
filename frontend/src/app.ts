/** The page: builds its parts and connects them. */
import { createSession, getSchema, renewTicket } from './api.ts';
import { Controls } from './controls.ts';
import { download, h, icon } from './dom.ts';
import { Driver } from './driver.ts';
import { howItWorks, PRIVACY, TAGLINE } from './explain.ts';
import { GenerationStore } from './generation-store.ts';
import { Hud } from './hud.ts';
import { logo } from './logo.ts';
import { MomentFlow } from './moment-flow.ts';
import { PortraitPicker } from './portrait.ts';
import { exposeProbe } from './probe.ts';
import type { ErrorHead, ReadyHead } from './protocol.ts';
import { refinementAdvice } from './refinement-advice.ts';
import { fieldsOf, type Settings } from './schema.ts';
import { SheetQueue } from './sheet-queue.ts';
import { listen, type Shortcut } from './shortcuts.ts';
import { fileName, StagePainter } from './snapshot.ts';
import { Connection } from './socket.ts';
import { Stage } from './stage.ts';
import { StageRecorder } from './stage-recorder.ts';
import { StatusView } from './status-pill.ts';
import { getVideo } from './video-api.ts';
import { VideoStudio } from './video-studio.ts';

export class App {
  readonly store = new GenerationStore();
  readonly stage = new Stage(this.store);
  readonly hud = new Hud();
  readonly portrait = new PortraitPicker();
  readonly status = new StatusView(() => void this.connection.open());
  readonly moments: MomentFlow;
  readonly studio: VideoStudio;
  readonly driver: Driver;
  readonly connection: Connection;
  readonly sheets: SheetQueue;
  controls: Controls | null = null;
  readonly #painter: StagePainter;
  readonly #recorder: StageRecorder;
  readonly #cameraButton = h('button', { type: 'button', class: 'primary', id: 'camera' });
  readonly #recordButton = h('button', { type: 'button', class: 'quiet', title: 'Record the stage as a video (R)' });
  readonly #side = h('aside', { class: 'side', 'aria-label': 'Settings' });
  readonly failures: string[] = [];
  /** A new server shows the bundled portrait until it has the person's own back: nobody should see another's face in between. */
  #returning = false;
  #readied = 0;
  #loading: Promise<unknown> | null = null;
  #video = false;

  constructor(root: HTMLElement) {
    this.connection = new Connection(
      { createSession, renewTicket },
      {
        status: (status) => {
          this.status.show(status);
          root.dataset.connection = status.kind;
        },
        ready: (head, fresh) => this.#ready(head, fresh),
        sheet: (sheet) => {
          if (this.#returning) {
            this.connection.acknowledge(sheet);
            return;
          }
          this.sheets.take(sheet);
          this.controls?.advise(refinementAdvice(sheet.head)?.words ?? null);
        },
        failure: (head) => this.#failure(head),
      },
    );
    const say = (words: string) => this.status.say(words);
    this.moments = new MomentFlow(() => Number(this.controls?.settings.k ?? 4), say);
    this.studio = new VideoStudio(() => this.portrait.picture, say);
    this.sheets = new SheetQueue(this.store, this.stage, this.hud, this.connection, (head, frame) =>
      this.moments.see(head, frame),
    );
    this.driver = new Driver({
      frame: ({ t, landmarks }) => this.connection.send({ kind: 'landmarks', t, landmarks }),
      source: (name) => this.connection.send({ kind: 'source', name }),
      reference: () => this.connection.send({ kind: 'reference' }),
      cameraState: (state) => this.#showCamera(state),
      noFace: (missing) => this.stage.noFace(missing),
      say,
    });
    const bands = [
      { band: this.stage.now, heading: 'Now, and where it may go' },
      { band: this.stage.past, heading: 'A moment ago' },
    ];
    this.#painter = new StagePainter(bands, this.stage.overlay);
    this.#recorder = new StageRecorder(this.#painter);
    this.#build(root);
    exposeProbe(this);
  }

  /** Connect, fetch what the page is made from, and start the recording: all at once, since none needs the other. */
  async start(): Promise<void> {
    await Promise.all([this.connection.open(), this.#load()]);
  }

  hold(): void {
    this.store.frozen = !this.store.frozen;
    this.stage.setHeld(this.store.frozen);
    this.status.say(this.store.frozen ? 'Held: the last moment loops.' : 'Following the present.');
  }

  /** What could not be fetched is fetched again at the next connection; each thing by one request at a time. */
  #load(): Promise<unknown> {
    this.#loading ??= Promise.allSettled([
      this.controls ? null : this.#loadControls(),
      this.driver.source ? null : this.driver.begin(),
      this.#video ? null : this.#loadVideo(),
    ]).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #loadControls(): Promise<void> {
    const fields = fieldsOf(await getSchema());
    this.controls = new Controls(fields, (settings) => this.#configure(settings));
    this.#side.append(this.controls.element);
    this.#configure(this.controls.settings);
  }

  async #loadVideo(): Promise<void> {
    const info = await getVideo();
    this.#video = true;
    this.moments.offer(info);
    this.studio.offer(info);
  }

  #configure(settings: Settings): void {
    this.connection.send({ kind: 'controls', settings });
  }

  #ready(head: ReadyHead, fresh: boolean): void {
    const other = fresh || this.portrait.changing;
    if (fresh) this.#returning = this.portrait.own;
    this.sheets.discard();
    this.store.reset(other);
    this.stage.clear(other);
    this.moments.interrupt();
    if (this.#readied++ === 0 || fresh) {
      void this.portrait.attach(head.session, fresh).finally(() => {
        this.#returning = false;
      });
      this.hud.clear();
      this.driver.announce();
    }
    void this.#load();
    if (this.controls && !same(head.settings, this.controls.settings)) this.#configure(this.controls.settings);
  }

  #failure(head: ErrorHead): void {
    this.failures.push(head.code);
    if (this.failures.length > 50) this.failures.shift();
    this.status.say(`${head.message} ${head.hint}`.trim());
  }

  #showCamera(state: 'off' | 'starting' | 'on'): void {
    const words = { off: 'Use my camera', starting: 'Starting the camera…', on: 'Stop the camera' }[state];
    this.#cameraButton.replaceChildren(icon('M4 7.5h11v9H4zM15 10.5l5-3v9l-5-3'), words);
    this.#cameraButton.dataset.state = state;
    this.#cameraButton.setAttribute('aria-busy', String(state === 'starting'));
  }

  async #snapshot(): Promise<void> {
    download(await this.#painter.png(), fileName('png'));
    this.status.say('Snapshot saved.');
  }

  #record(): void {
    if (this.#recorder.running) this.#recorder.stop();
    else this.#recorder.start((video) => download(video, fileName('webm')));
    this.#showRecording();
  }

  #showRecording(): void {
    const on = this.#recorder.running;
    this.#recordButton.setAttribute('aria-pressed', String(on));
    this.#recordButton.replaceChildren(icon('M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10'), on ? 'Stop' : 'Record');
  }

  #build(root: HTMLElement): void {
    const shortcuts = this.#shortcuts();
    const snapshot = h(
      'button',
      { type: 'button', class: 'quiet', title: 'Save the stage as a picture (S)' },
      icon('M4 8h3l1.5-2.5h7L17 8h3v11H4zM12 10.2a3 3 0 1 0 0 6 3 3 0 0 0 0-6'),
      'Snapshot',
    );
    snapshot.addEventListener('click', () => void this.#snapshot());
    this.#recordButton.addEventListener('click', () => this.#record());
    this.#recordButton.hidden = !StageRecorder.supported;
    this.stage.holdButton.addEventListener('click', () => this.hold());
    this.#cameraButton.addEventListener('click', () => void this.driver.toggleCamera());
    this.#showCamera('off');
    this.#showRecording();
    this.stage.tools.append(this.moments.stageButton, snapshot, this.#recordButton);
    this.#side.append(this.driver.panel.element, this.portrait.element);
    const brand = h('div', { class: 'brand' }, logo(), h('h1', {}, 'MotionFan'));
    const header = h(
      'header',
      { class: 'top' },
      brand,
      h('p', { class: 'tagline' }, TAGLINE),
      this.status.pill,
      this.#cameraButton,
    );
    const main = h(
      'main',
      {},
      this.status.banner,
      this.driver.panel.notice,
      this.stage.element,
      this.hud.element,
      this.moments.element,
      this.studio.element,
      howItWorks(shortcuts),
    );
    root.replaceChildren(
      header,
      h('div', { class: 'columns' }, main, this.#side),
      h('footer', {}, PRIVACY),
      this.status.liveRegion,
    );
    listen(shortcuts);
  }

  #shortcuts(): Shortcut[] {
    return [
      { key: 'c', label: 'C', words: 'camera on or off', run: () => void this.driver.toggleCamera() },
      { key: 'n', label: 'N', words: 'reset the reference', run: () => this.driver.neutral() },
      { key: ' ', label: 'Space', words: 'pause the recording', run: () => this.driver.pause() },
      { key: 'f', label: 'F', words: 'freeze this moment for the video flow', run: () => this.moments.freeze() },
      { key: 'h', label: 'H', words: 'hold the last moment', run: () => this.hold() },
      { key: 's', label: 'S', words: 'save a snapshot', run: () => void this.#snapshot() },
      { key: 'r', label: 'R', words: 'record a video', run: () => this.#record() },
      { key: '+', label: '+', words: 'one future more', run: () => this.controls?.nudge('k', 1) },
      { key: '-', label: '−', words: 'one future less', run: () => this.controls?.nudge('k', -1) },
    ];
  }
}

function same(a: Settings, b: Settings): boolean {
  return Object.keys(b).every((name) => a[name] === b[name]);
}
