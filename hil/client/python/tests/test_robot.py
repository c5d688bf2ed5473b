"""The keywords of the Robot Framework library, called as Robot Framework calls them: with text."""

from hilphone.robot import HilphoneLibrary


def keywords(phone):
    return HilphoneLibrary(phone.url, phone._token)


def test_keywords(phone):
    robot = keywords(phone)
    robot.lift_handset()
    robot.press_keys("1002#")
    assert robot.wait_for_event("call", "15", "state=talking")["data"]["state"] == "talking"
    robot.call_should_be("talking")
    robot.lamp_should_be("line1", "on")
    robot.display_should_contain("1002")
    robot.replace_handset()
    robot.line_should_be_registered("primary")
    call = robot.call("1002", "1")
    robot.end_call(call)
    robot.end_all_calls()


def test_settings_and_servers(phone):
    robot = keywords(phone)
    robot.change_setting("display_name", "Robot")
    robot.change_setting("failback_interval", "21")
    assert phone.settings()["failback_interval"] == 21
    robot.change_setting("failback_interval", "20")
    robot.server_behaves("backup", "status", "503")
    assert phone.server("backup")["status"] == 503
