package webui

import "hilphone/sip/line"

// boardWords are those of the page System > Board.
var boardWords = map[string]line.Label{
	"nav.board":   {EN: "Board", JA: "ボード", ZH: "电路板"},
	"board.title": {EN: "Board", JA: "ボード", ZH: "电路板"},
	"done.board":  {EN: "The board is stored. It is used when the phone starts again.", JA: "ボードを保存しました。次の起動から使われます。", ZH: "电路板已保存，下次启动时生效。"},

	"board.restart": {EN: "Another board is set: it is used when the phone starts again.", JA: "別のボードが設定されています。次の起動から使われます。", ZH: "已设置另一块电路板，下次启动时生效。"},
	"board.inuse":   {EN: "In use", JA: "使用中", ZH: "使用中"},
	"board.chip":    {EN: "GPIO chip", JA: "GPIOチップ", ZH: "GPIO芯片"},
	"board.file":    {EN: "read from", JA: "読み込み元", ZH: "读取自"},
	"board.nopins":  {EN: "No real pins: the front panel of these pages is the phone's front.", JA: "実際のピンはありません。この画面の操作パネルが電話の前面です。", ZH: "没有实际引脚：此网页的面板即电话面板。"},

	"board.event.test":  {EN: " (self-test)", JA: "(自己診断)", ZH: "（自检）"},
	"event.fault.over":  {EN: "fault of {device} is over", JA: "{device}の障害が解消しました", ZH: "{device}故障已消除"},
	"panel.boardfaults": {EN: "Faults of the board", JA: "ボードの異常", ZH: "电路板故障"},

	"board.test":       {EN: "Self-test", JA: "自己診断", ZH: "自检"},
	"board.walk.begin": {EN: "Walk through the keys", JA: "キーを順に確認", ZH: "逐个检查按键"},
	"board.walk.end":   {EN: "End the walk", JA: "確認を終了", ZH: "结束检查"},
	"board.walk.hint":  {EN: "In a walk the real keys and the real handset do not reach the phone: press each once. It ends by itself after two minutes without a movement.", JA: "確認中は実際のキーと受話器の操作が電話に届きません。各キーを1回ずつ押してください。2分間操作がなければ自動的に終了します。", ZH: "检查期间，实际按键和手柄的操作不会传给电话。请将每个按键各按一次；两分钟无操作会自动结束。"},
	"board.walk.left":  {EN: "The real keys do not reach the phone now. Not moved yet: %d.", JA: "実際のキーは電話に届きません。未操作: %d", ZH: "实际按键现不会传给电话。尚未操作：%d"},
	"board.walk.all":   {EN: "The real keys do not reach the phone now. All parts were found.", JA: "実際のキーは電話に届きません。すべての部品を確認しました。", ZH: "实际按键现不会传给电话。所有部件均已找到。"},

	"board.parts":       {EN: "Parts", JA: "部品", ZH: "部件"},
	"board.part":        {EN: "part", JA: "部品", ZH: "部件"},
	"board.at":          {EN: "hangs on", JA: "接続先", ZH: "连接于"},
	"board.state":       {EN: "now", JA: "現在", ZH: "现在"},
	"board.seen":        {EN: "last moved", JA: "最終操作", ZH: "上次操作"},
	"board.rest":        {EN: "at rest", JA: "静止", ZH: "静止"},
	"board.show":        {EN: "Show for 1 s", JA: "1秒間動作", ZH: "动作1秒"},
	"board.part.hook":   {EN: "handset", JA: "受話器", ZH: "手柄"},
	"board.part.key":    {EN: "key", JA: "キー", ZH: "按键"},
	"board.part.lamp":   {EN: "lamp", JA: "ランプ", ZH: "指示灯"},
	"board.part.ringer": {EN: "ringer", JA: "呼出音", ZH: "振铃"},
	"board.part.dial":   {EN: "dial", JA: "ダイヤル", ZH: "拨号盘"},

	"board.pins":             {EN: "Pins", JA: "ピン", ZH: "引脚"},
	"board.pin":              {EN: "pin", JA: "ピン", ZH: "引脚"},
	"board.header":           {EN: "header", JA: "ヘッダー", ZH: "排针"},
	"board.line":             {EN: "line of the chip", JA: "チップのライン", ZH: "芯片线路"},
	"board.way":              {EN: "direction", JA: "方向", ZH: "方向"},
	"board.active":           {EN: "active", JA: "アクティブ", ZH: "有效电平"},
	"board.level":            {EN: "level", JA: "レベル", ZH: "电平"},
	"board.holder":           {EN: "used by", JA: "使用者", ZH: "占用者"},
	"board.direction.input":  {EN: "input", JA: "入力", ZH: "输入"},
	"board.direction.output": {EN: "output", JA: "出力", ZH: "输出"},

	"board.set":            {EN: "Board for the next start", JA: "次回起動時のボード", ZH: "下次启动的电路板"},
	"board.when":           {EN: "It is stored in the data directory and takes effect when the phone starts again.", JA: "データディレクトリに保存され、次の起動から有効になります。", ZH: "保存在数据目录中，下次启动时生效。"},
	"board.fixed":          {EN: "The phone was started with --board: start it without to set the board here.", JA: "電話は --board を指定して起動されました。ここで設定するには、指定せずに起動してください。", ZH: "电话以 --board 启动；要在此设置，请不带该选项启动。"},
	"board.choice.auto":    {EN: "Automatic", JA: "自動", ZH: "自动"},
	"board.choice.virtual": {EN: "Without pins", JA: "ピンなし", ZH: "无引脚"},
	"board.choice.file":    {EN: "Board file", JA: "ボードファイル", ZH: "电路板文件"},
	"board.text":           {EN: "Board file", JA: "ボードファイル", ZH: "电路板文件"},
	"board.examples":       {EN: "Examples to start from:", JA: "サンプル:", ZH: "示例："},
	"board.text.hint":      {EN: "YAML: which key, hook, lamp and bell hangs on which pin. Automatic is the README's wiring on a Raspberry Pi, and no pins on another computer.", JA: "YAML形式: どのキー、フック、ランプ、ベルがどのピンに接続されているか。「自動」はRaspberry PiではREADMEの配線、他のコンピューターではピンなしです。", ZH: "YAML格式：哪个按键、叉簧、指示灯和铃接在哪个引脚。“自动”在Raspberry Pi上为README中的接线，在其他计算机上为无引脚。"},
}
