/** Entry point: loads the styles and starts the page. */
import '@fontsource-variable/inter/wght.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/stage.css';
import './styles/tiles.css';
import './styles/panels.css';
import './styles/controls.css';
import './styles/chips.css';
import './styles/gallery.css';
import './styles/hud.css';
import './styles/video.css';
import './styles/clips.css';
import { App } from './app.ts';
import { exposeDebugState } from './testing/debug-state.ts';
import { setFavicon } from './ui/logo.ts';

const root = document.getElementById('app');
if (!root) throw new Error('The page has no #app element.');
setFavicon();
const app = new App(root);
exposeDebugState(app);
void app.start();
