"""What a task's keywords promise, played for real at a child process."""

from pathlib import Path

import pytest

from megaplan_cloud.engine.errors import EngineError, PlaybookError
from tests.support.playing import FakeClock, Theatre, result, said, statuses


@pytest.fixture
def theatre(tmp_path: Path) -> Theatre:
    """Give an empty folder to play in."""
    return Theatre(tmp_path)


def test_a_failing_task_ends_the_play_and_nothing_after_it_begins(theatre: Theatre) -> None:
    """The report's last task is the failed one, with its command, exit code and place."""
    report = theatre.tasks(
        """
        - name: Go first
          shell: "echo first >> {{ trace }}"
        - name: Fail
          shell: "echo fail >> {{ trace }}; exit 7"
        - name: Never go
          shell: "echo never >> {{ trace }}"
        """
    )

    assert report.exit_code == 1
    assert statuses(report) == {"Go first": "changed", "Fail": "failed"}
    assert theatre.deeds == ["first", "fail"]
    assert result(report, "Fail")["rc"] == 7
    assert report.failures[0].line == 6


def test_a_registered_result_has_ansibles_shape(theatre: Theatre) -> None:
    """`register` gives rc, cmd, stdout and its lines; a later task reads them."""
    report = theatre.tasks(
        """
        - name: Say two lines
          command: [printf, "a\\nb"]
          register: lines
        - name: Show them
          debug:
            msg: "{{ lines.rc }} {{ lines.stdout_lines | join('+') }} {{ lines is changed }}"
        """
    )

    assert said(report, "Show them") == "0 a+b True"


def test_when_holds_every_condition_and_tells_which_one_failed(theatre: Theatre) -> None:
    """A skipped task registers Ansible's shape, with the condition that was false."""
    report = theatre.tasks(
        """
        - name: Leave this out
          command: ["true"]
          when: [1 == 1, 1 == 2]
          register: left
        - name: Ask about it
          debug:
            msg: "{{ left is skipped }} {{ left.false_condition }} {{ left.skip_reason }}"
        """
    )

    assert statuses(report)["Leave this out"] == "skipped"
    assert said(report, "Ask about it") == "True 1 == 2 Conditional result was False"


def test_a_loop_goes_on_after_a_failing_item_and_then_fails(theatre: Theatre) -> None:
    """Every item is done; the results are in order and each knows its item."""
    report = theatre.tasks(
        """
        - name: Try three
          shell: "echo {{ item }} >> {{ trace }}; exit {{ item }}"
          loop: [0, 5, 0]
          ignore_errors: true
          register: three
        - name: Show them
          debug:
            msg: "{{ three.results | map(attribute='rc') | list }} {{ three.msg }}"
        """
    )

    assert theatre.deeds == ["0", "5", "0"]
    assert statuses(report)["Try three"] == "ignored"
    assert said(report, "Show them") == "[0, 5, 0] One or more items failed"
    items = next(task.items for task in report.tasks() if task.items)
    assert [(item.item, item.status.value) for item in items] == [
        ("0", "changed"),
        ("5", "failed"),
        ("0", "changed"),
    ]


def test_a_loop_names_its_items_by_their_label(theatre: Theatre) -> None:
    """`loop_control.label` is what a report shows instead of the whole item."""
    report = theatre.tasks(
        """
        - name: Greet them
          debug:
            msg: "{{ item.name }}"
          loop: [{name: Ann, key: long}, {name: Bob, key: longer}]
          loop_control:
            label: "{{ item.name }}"
        """
    )

    assert [item.item for task in report.tasks() for item in task.items] == ["Ann", "Bob"]


def test_a_loop_pauses_between_its_items(theatre: Theatre) -> None:
    """Each item is done before the time passes; none passes after the last, or in check mode."""
    clock = FakeClock()
    text = """
        - name: Do each
          shell: echo {{ word }} >> {{ trace }}
          loop: [a, b, c]
          loop_control: {loop_var: word, pause: "{{ 2 }}"}
        """

    theatre.tasks(text, clock=clock.clock())
    theatre.tasks(text, clock=clock.clock(), check=True)

    assert (clock.slept, theatre.deeds) == ([2.0, 2.0], ["a", "b", "c"])


def test_a_mistake_in_a_loop_is_told_whatever_its_conditions_ask(theatre: Theatre) -> None:
    """There is no item to ask about: the mistake is the loop's, unless a condition is false."""
    report = theatre.tasks(
        """
        - name: Skip
          debug: {msg: "{{ item }}"}
          loop: "{{ nothing.at_all }}"
          when: false
        - name: Fail
          debug: {msg: "{{ item }}"}
          loop: "{{ nothing.at_all }}"
          when: item == 1
        """,
        variables={"nothing": {}},
    )

    assert statuses(report) == {"Skip": "skipped", "Fail": "failed"}
    assert "at_all" in next(task.reason for task in report.tasks() if task.name == "Fail")


def test_a_loop_over_nothing_is_skipped(theatre: Theatre) -> None:
    """An empty list gives Ansible's shape of a skipped loop."""
    report = theatre.tasks(
        """
        - name: Do nothing
          command: ["true"]
          loop: []
          register: nothing
        - name: Show it
          debug:
            msg: "{{ nothing.skipped_reason }} {{ nothing.results }}"
        """
    )

    assert statuses(report)["Do nothing"] == "skipped"
    assert said(report, "Show it") == "No items in the list []"


def test_an_item_sees_what_the_item_before_it_registered(theatre: Theatre) -> None:
    """Inside a loop the registered name holds the last item's result."""
    report = theatre.tasks(
        """
        - name: Stop after the first
          command: [echo, "{{ item }}"]
          loop: [1, 2, 3]
          when: last is not defined or last is not changed
          register: last
        """
    )

    items = next(task.items for task in report.tasks())
    assert [item.status.value for item in items] == ["changed", "skipped", "changed"]


def test_until_asks_again_with_a_delay_and_counts_its_attempts(theatre: Theatre) -> None:
    """The clock that is given sleeps between attempts; `attempts` is registered."""
    clock = FakeClock()

    report = theatre.tasks(
        """
        - name: Wait for three lines
          shell: "echo x >> {{ trace }}; wc -l < {{ trace }}"
          register: lines
          until: lines.stdout | int == 3
          retries: 5
          delay: 7
        - name: Show the attempts
          debug:
            msg: "{{ lines.attempts }}"
        """,
        clock=clock.clock(),
    )

    assert clock.slept == [7, 7]
    assert said(report, "Show the attempts") == 3
    assert statuses(report)["Wait for three lines"] == "changed"


def test_until_that_never_holds_fails_after_its_retries(theatre: Theatre) -> None:
    """A task may be retried as often as `retries` says, then it failed."""
    clock = FakeClock()

    report = theatre.tasks(
        """
        - name: Wait in vain
          shell: "echo x >> {{ trace }}"
          until: false
          retries: 2
          delay: 1
          register: vain
          ignore_errors: true
        - name: Show the attempts
          debug:
            msg: "{{ vain.attempts }}"
        """,
        clock=clock.clock(),
    )

    assert len(theatre.deeds) == 3
    assert clock.slept == [1, 1]
    assert said(report, "Show the attempts") == 2
    assert statuses(report)["Wait in vain"] == "ignored"


def test_changed_when_and_failed_when_have_the_last_word(theatre: Theatre) -> None:
    """Both see the registered result; a list of conditions must hold as a whole."""
    report = theatre.tasks(
        """
        - name: Change nothing
          command: [echo, same]
          register: out
          changed_when: "'same' not in out.stdout"
        - name: Forgive
          command: ["false"]
          failed_when: false
        - name: Fail by what was said
          command: [echo, ERROR]
          register: out
          failed_when: [out.rc == 0, "'ERROR' in out.stdout"]
        """
    )

    assert statuses(report) == {
        "Change nothing": "ok",
        "Forgive": "changed",
        "Fail by what was said": "failed",
    }
    assert result(report, "Fail by what was said")["failed_when_result"] is True


def test_a_rescue_runs_for_a_failure_inside_its_block_only(theatre: Theatre) -> None:
    """A task sent ahead before the block fails by itself, and is not rescued."""
    report = theatre.tasks(
        """
        - name: Fail before the block
          command: ["false"]
        - name: Guard
          block:
            - name: Stand inside
              shell: "echo inside >> {{ trace }}"
          rescue:
            - name: Rescue
              shell: "echo rescue >> {{ trace }}"
          always:
            - name: Always
              shell: "echo always >> {{ trace }}"
        """
    )

    assert statuses(report) == {"Fail before the block": "failed"}
    assert theatre.deeds == []


def test_blocks_nest_with_rescue_and_always(theatre: Theatre) -> None:
    """A failing rescue is a failure of the block; the outer rescue sees it; always always runs."""
    report = theatre.tasks(
        """
        - name: Outer
          block:
            - name: Inner
              block:
                - name: Fail inside
                  command: ["false"]
              rescue:
                - name: Fail in the rescue
                  command: ["false"]
              always:
                - name: Inner always
                  shell: "echo inner >> {{ trace }}"
          rescue:
            - name: Rescue all
              debug:
                msg: "{{ ansible_failed_task.name }}, rc {{ ansible_failed_result.rc }}"
          always:
            - name: Outer always
              shell: "echo outer >> {{ trace }}"
        - name: Go on
          shell: "echo on >> {{ trace }}"
        """
    )

    assert report.exit_code == 0
    assert said(report, "Rescue all") == "Fail in the rescue, rc 1"
    assert theatre.deeds == ["inner", "outer", "on"]
    assert statuses(report)["Fail inside"] == "rescued"


def test_a_block_gives_its_keywords_to_what_is_inside(theatre: Theatre) -> None:
    """Conditions add up, vars are visible, environments lie upon each other."""
    report = theatre.tasks(
        """
        - name: Share
          when: 1 == 1
          vars: {word: hello}
          environment: {A: outer, B: outer}
          block:
            - name: Speak
              shell: echo "{{ word }} $A $B"
              environment: {B: inner}
              register: spoken
            - name: Stay silent
              command: ["true"]
              when: 1 == 2
        - name: Show it
          debug: {msg: "{{ spoken.stdout }}"}
        """
    )

    assert said(report, "Show it") == "hello outer inner"
    assert statuses(report)["Stay silent"] == "skipped"


def test_included_tasks_see_the_vars_and_item_of_their_include(theatre: Theatre) -> None:
    """`include_tasks` with a loop reads the file once per item; its own name may be a template."""
    theatre.write(
        """
        - name: Speak of {{ item }}
          shell: "echo {{ item }}-{{ colour }} >> {{ trace }}"
        """,
        "speak.yml",
    )

    report = theatre.tasks(
        """
        - name: Include it twice
          include_tasks: "{{ what }}.yml"
          loop: [a, b]
          vars: {colour: red, what: speak}
        """
    )

    assert report.exit_code == 0
    assert theatre.deeds == ["a-red", "b-red"]


def test_an_include_that_is_not_there_fails_its_task_with_the_place(theatre: Theatre) -> None:
    """The mistake of a dynamic include is told like any other: what, where, what now."""
    report = theatre.tasks(
        """
        - name: Include nothing
          include_tasks: "{{ 'nothing' }}.yml"
        """
    )

    failure = report.failures[0]
    assert "There is no task file 'nothing.yml'" in failure.reason
    assert str(theatre.folder) in failure.hint


def test_a_file_that_includes_itself_is_stopped(theatre: Theatre) -> None:
    """Recursion without an end fails with a sentence instead of running for ever."""
    theatre.write('- name: Again\n  include_tasks: "{{ me }}"\n', "again.yml")

    report = theatre.tasks(
        """
        - name: Begin
          include_tasks: "{{ me }}"
        """,
        variables={"me": "again.yml"},
    )

    assert "does a file include itself" in report.failures[0].reason


def test_a_role_brings_defaults_vars_tasks_and_its_names(theatre: Theatre) -> None:
    """Pre-tasks, roles, tasks and post-tasks run in that order; a role is played once."""
    theatre.write("port: 80\nhost: default\n", "roles/web/defaults/main.yml")
    theatre.write("kind: fixed\n", "roles/web/vars/main.yml")
    theatre.write(
        """
        - name: Serve
          shell: "echo {{ role_name }}:{{ port }}:{{ host }}:{{ kind }} >> {{ trace }}"
        """,
        "roles/web/tasks/main.yml",
    )

    report = theatre.play(
        """
        - name: Play it
          hosts: controller
          vars: {host: mine}
          pre_tasks:
            - name: Before
              shell: "echo before-{{ port }} >> {{ trace }}"
          roles:
            - web
            - role: web
            - role: web
              vars: {port: 81}
          tasks:
            - name: Within
              shell: "echo within >> {{ trace }}"
          post_tasks:
            - name: After
              shell: "echo after >> {{ trace }}"
        """
    )

    assert report.exit_code == 0
    assert theatre.deeds == [
        "before-80",
        "web:80:mine:fixed",
        "web:81:mine:fixed",
        "within",
        "after",
    ]


def test_a_role_named_by_a_setting_is_found_before_the_run(theatre: Theatre) -> None:
    """A role that is not there is told before anything is done."""
    with pytest.raises(PlaybookError, match="no role 'nowhere'"):
        theatre.play(
            """
            - name: Play it
              hosts: controller
              pre_tasks:
                - name: Before
                  shell: "echo before >> {{ trace }}"
              roles:
                - role: "{{ provider }}"
            """,
            variables={"provider": "nowhere"},
        )

    assert theatre.deeds == []


def test_include_role_plays_another_task_file_of_a_role(theatre: Theatre) -> None:
    """The included role's defaults are visible inside it."""
    theatre.write("port: 80\n", "roles/web/defaults/main.yml")
    theatre.write("- name: Main\n  debug: {msg: main}\n", "roles/web/tasks/main.yml")
    theatre.write(
        '- name: Check\n  shell: "echo {{ port }}-{{ extra }} >> {{ trace }}"\n',
        "roles/web/tasks/check.yml",
    )

    report = theatre.tasks(
        """
        - name: Check the web
          include_role: {name: web, tasks_from: check}
          vars: {extra: seen}
        """
    )

    assert report.exit_code == 0
    assert theatre.deeds == ["80-seen"]


def test_a_fact_is_seen_by_later_tasks_and_plays(theatre: Theatre) -> None:
    """`set_fact` and `register` belong to the host, not to the play."""
    report = theatre.play(
        """
        - name: One
          hosts: controller
          tasks:
            - name: Set it
              set_fact: {colour: red}
        - name: Two
          hosts: controller
          tasks:
            - name: Show it
              debug: {msg: "{{ colour }}"}
        """
    )

    assert said(report, "Show it") == "red"


def test_a_play_that_lost_its_only_host_ends_the_run(theatre: Theatre) -> None:
    """What a later play needs was not done, so it is not begun."""
    report = theatre.play(
        """
        - name: One
          hosts: controller
          tasks:
            - name: Fail
              fail: {msg: no}
        - name: Two
          hosts: box
          tasks:
            - name: Never
              command: ["true"]
        """
    )

    assert [play.name for play in report.plays] == ["One"]


def test_delegate_to_runs_at_another_place_in_the_order_of_the_play(theatre: Theatre) -> None:
    """What goes to two places is still done one after the other."""
    report = theatre.tasks(
        """
        - name: Here
          shell: "echo here-$PLACE >> {{ trace }}"
        - name: There
          shell: "echo there-$PLACE >> {{ trace }}"
          delegate_to: box
        - name: Here again
          shell: "echo again-$PLACE >> {{ trace }}"
        """,
        places={"controller": {}, "box": {"enter": ["env", "PLACE=box"]}},
    )

    assert report.exit_code == 0
    assert theatre.deeds == ["here-", "there-box", "again-"]


def test_no_log_keeps_a_result_out_of_the_report_but_not_out_of_register(theatre: Theatre) -> None:
    """What is censored for people is still there for the next task."""
    report = theatre.tasks(
        """
        - name: Whisper
          command: [echo, hush-hush]
          register: whispered
          no_log: true
        - name: Count it
          debug: {msg: "{{ whispered.stdout | length }}"}
        """
    )

    assert "hush-hush" not in str(report.as_json())
    assert said(report, "Count it") == 9


def test_a_template_mistake_fails_its_task_and_can_be_rescued(theatre: Theatre) -> None:
    """An undefined name is told with the place where it stands; what was before it is done."""
    report = theatre.tasks(
        """
        - name: Go first
          shell: "echo first >> {{ trace }}"
        - name: Guard
          block:
            - name: Read a name that is not there
              command: [echo, "{{ there.is.none }}"]
          rescue:
            - name: Say why
              debug: {msg: "{{ ansible_failed_result.msg }}"}
        """,
        variables={"there": {}},
    )

    assert report.exit_code == 0
    assert theatre.deeds == ["first"]
    assert "is" in said(report, "Say why")


def test_a_task_that_takes_too_long_is_killed_and_fails(theatre: Theatre) -> None:
    """`timeout` is in seconds and ends the command at its place."""
    report = theatre.tasks(
        """
        - name: Sleep too long
          command: [sleep, "30"]
          timeout: 1
        """
    )

    assert report.exit_code == 1
    assert "Timed out after 1 second" in report.failures[0].reason


def test_a_place_that_cannot_be_reached_is_exit_code_4(theatre: Theatre) -> None:
    """Nothing was run there; no rescue helps, and always is not played either."""
    report = theatre.tasks(
        """
        - name: Guard
          block:
            - name: Reach out
              command: ["true"]
          rescue:
            - name: Rescue
              debug: {msg: rescued}
          always:
            - name: Always
              debug: {msg: always}
        """,
        places={"controller": {"enter": ["/there/is/no/such/program"]}},
    )

    assert report.exit_code == 4
    assert set(statuses(report)) == {"Reach out"}


def test_several_hosts_play_side_by_side_and_a_failing_one_leaves(theatre: Theatre) -> None:
    """A host's failure ends its own play; the others go on to the next."""
    report = theatre.play(
        """
        - name: One
          hosts: box
          tasks:
            - name: Fail on the second
              command: [test, "{{ inventory_hostname }}", "!=", two]
        - name: Two
          hosts: box
          tasks:
            - name: Go on
              command: [echo, "{{ inventory_hostname }}"]
        """,
        places={"box": [{"name": "one"}, {"name": "two"}, {"name": "three"}]},
    )

    assert report.exit_code == 1
    assert [task.host for task in report.plays[1].tasks] == ["one", "three"]


def test_a_play_for_a_place_without_hosts_does_nothing(theatre: Theatre) -> None:
    """The next play is played."""
    report = theatre.play(
        """
        - name: One
          hosts: box
          tasks:
            - name: Never
              command: ["true"]
        - name: Two
          hosts: controller
          tasks:
            - name: Go on
              command: ["true"]
        """,
        places={"box": [], "controller": {}},
    )

    assert statuses(report) == {"Go on": "changed"}


def test_a_play_for_an_unknown_place_is_told_with_its_line(theatre: Theatre) -> None:
    """The places that there are stand in the hint."""
    with pytest.raises(PlaybookError) as told:
        theatre.play(
            """
            - name: One
              hosts: host
              tasks:
                - name: Never
                  command: ["true"]
            """,
            places={"controller": {}, "box": {}},
        )

    assert told.value.mark is not None
    assert told.value.mark.line == 2
    assert "controller, box" in told.value.hint


def test_a_file_that_cannot_be_read_fails_its_task(theatre: Theatre) -> None:
    """A folder in place of a file is told in a sentence, not in a traceback."""
    (theatre.folder / "folder").mkdir()

    report = theatre.tasks(
        """
        - name: Render a folder
          template: {src: "{{ here }}/folder", dest: "{{ here }}/out"}
        """
    )

    assert statuses(report) == {"Render a folder": "failed"}
    assert "directory" in report.failures[0].reason


def test_a_long_loop_goes_in_bounded_batches(theatre: Theatre) -> None:
    """However many items there are, they are all done, in order."""
    report = theatre.tasks(
        """
        - name: Count
          shell: "echo {{ item }} >> {{ trace }}"
          loop: "{{ range(600) | list }}"
        """
    )

    assert report.exit_code == 0
    assert theatre.deeds == [str(number) for number in range(600)]


def test_tags_choose_tasks_and_always_is_always_chosen(theatre: Theatre) -> None:
    """Tags are inherited; `never` has to be asked for by another of its tags."""
    tasks = """
        - name: Plain
          debug: {msg: x}
        - name: Tagged
          tags: [inner]
          block:
            - name: Inside
              debug: {msg: x}
              tags: deep
        - name: Always
          debug: {msg: x}
          tags: always
        - name: Never
          debug: {msg: x}
          tags: [never, debug]
        """

    assert set(statuses(theatre.tasks(tasks))) == {"Plain", "Inside", "Always"}
    assert set(statuses(theatre.tasks(tasks, tags=["inner"]))) == {"Inside", "Always"}
    assert set(statuses(theatre.tasks(tasks, tags=["debug"]))) == {"Always", "Never"}
    assert set(statuses(theatre.tasks(tasks, skip_tags=["deep"]))) == {"Plain", "Always"}
    assert set(statuses(theatre.tasks(tasks, tags=["untagged"]))) == {"Plain", "Always"}
    assert set(statuses(theatre.tasks(tasks, tags=["tagged"]))) == {"Inside", "Always"}


def test_start_at_task_passes_over_all_before_it(theatre: Theatre) -> None:
    """The start may stand in a later play, inside a block."""
    text = """
        - name: One
          hosts: controller
          tasks:
            - name: First
              debug: {msg: x}
        - name: Two
          hosts: controller
          tasks:
            - name: Second
              debug: {msg: x}
            - name: Around
              block:
                - name: Third
                  debug: {msg: x}
            - name: Fourth
              debug: {msg: x}
        """

    assert list(statuses(theatre.play(text, start_at="Third"))) == ["Third", "Fourth"]
    with pytest.raises(EngineError, match="Did you mean 'Third'"):
        theatre.play(text, start_at="Thrid")


def test_list_tasks_plays_nothing(theatre: Theatre) -> None:
    """The report lists what would be played, and no command is run."""
    report = theatre.tasks(
        """
        - name: First
          shell: "echo x >> {{ trace }}"
          tags: a
        - name: Second
          shell: "echo x >> {{ trace }}"
        """,
        list_tasks=True,
        tags=["a"],
    )

    assert statuses(report) == {"First": "skipped"}
    assert theatre.deeds == []


def test_emit_puts_values_into_the_report(theatre: Theatre) -> None:
    """What `emit` tasks say is the command's own answer, in order."""
    report = theatre.tasks(
        """
        - name: Emit two
          emit:
            json: {number: "{{ item }}"}
          loop: [1, 2]
        """
    )

    assert report.emitted == ({"number": 1}, {"number": 2})
