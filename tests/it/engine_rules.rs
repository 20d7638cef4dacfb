//! The rules of the engine as scripted flows on a virtual clock; one section for each rule, numbered as in the design.

/// 1. A flow starts with its first step and moves on as soon as a condition of its step is met.
mod starting_and_moving_on {
    use crate::engine_story::{plan, sms, viber, voice};
    use failsim::status::Status::{Busy, Delivered, Undelivered};

    #[test]
    fn a_flow_starts_with_its_first_step_when_the_recipient_arrives() {
        let script = plan([viber().ttl(60), sms().ttl(300)]).start_at(1_000);
        script.is_due_at(1_060);
        assert_eq!((script.flow.step(), script.flow.attempts(), script.flow.current_attempt()), (0, 1, Some(0)));
    }

    #[test]
    fn viber_undelivered_after_three_seconds_moves_on_to_sms_there_and_then() {
        let mut script = plan([viber().ttl(60), sms().ttl(300)]).start();
        script.at(3).report(0, Undelivered).submits(1, 1).is_due_at(303);
        script.at(7).report(1, Delivered).succeeds();
    }

    #[test]
    fn a_busy_line_moves_on_from_voice() {
        plan([voice(), sms().ttl(300)]).start().at(4).report(0, Busy).submits(1, 1);
    }

    #[test]
    fn nothing_moves_before_the_deadline() {
        let mut script = plan([viber().ttl(60), sms()]).start();
        script.at(59).timeout().changes_nothing();
        script.at(60).timeout().submits(1, 1);
    }
}

/// 2. A step ends by its success floor, by a trigger, by another bad status, or by its ttl.
mod ending_a_step {
    use crate::engine_story::{plan, sms, viber, voice};
    use failsim::status::FailureCode::{FailoverNotTriggered, NoNextStep};
    use failsim::status::Status::{Answered, Delivered, Expired, Failed, Machine, NoAnswer, Queued, Sent, Undelivered};

    #[test]
    fn delivered_ends_the_flow_as_succeeded() {
        plan([viber().ttl(60), sms()]).start().at(2).report(0, Delivered).succeeds();
    }

    #[test]
    fn an_answered_call_counts_as_delivered() {
        plan([voice()]).start().at(9).report(0, Answered).succeeds();
    }

    #[test]
    fn each_trigger_moves_on() {
        for status in [Undelivered, Failed, Expired] {
            plan([viber(), sms()]).start().at(2).report(0, status).submits(1, 1);
        }
    }

    #[test]
    fn a_bad_status_outside_the_triggers_fails_the_flow_though_a_step_is_left() {
        let mut script = plan([viber().failover_on(&[Expired]), sms()]).start();
        script.at(2).report(0, Undelivered).fails(FailoverNotTriggered);
    }

    #[test]
    fn a_bad_status_outside_the_triggers_of_the_last_step_is_no_trigger_either() {
        plan([voice().failover_on(&[NoAnswer])]).start().report(0, Failed).fails(FailoverNotTriggered);
    }

    #[test]
    fn an_answering_machine_moves_a_call_on_by_default() {
        plan([voice(), sms()]).start().report(0, Machine).submits(1, 1);
        plan([voice().failover_on(&[NoAnswer]), sms()]).start().report(0, Machine).fails(FailoverNotTriggered);
    }

    #[test]
    fn a_silent_step_expires_when_its_ttl_passes() {
        let mut script = plan([viber().ttl(60), sms().ttl(300)]).start();
        script.at(60).timeout().submits(1, 1).is_due_at(360);
        script.at(360).timeout().fails(NoNextStep);
    }

    #[test]
    fn a_ttl_that_passes_where_expired_is_no_trigger_fails_the_flow() {
        let mut script = plan([voice().ttl(60), sms()]).start();
        script.at(60).timeout().fails(FailoverNotTriggered);
    }

    #[test]
    fn the_ttl_counts_from_the_submission_whatever_is_heard_meanwhile() {
        let mut script = plan([viber().ttl(60), sms()]).start();
        script.at(1).report(0, Queued).keeps_waiting();
        script.at(50).report(0, Sent).keeps_waiting().is_due_at(60);
        script.at(60).timeout().submits(1, 1);
    }

    #[test]
    fn the_ttl_says_nothing_of_the_message_itself() {
        let mut script = plan([viber().ttl(60), sms()]).start();
        script.report(0, Sent).keeps_waiting();
        script.at(60).timeout().submits(1, 1).has_status(0, Sent);
    }

    #[test]
    fn a_ttl_of_zero_which_scenarios_reject_would_not_loop_either() {
        let mut script = plan([viber().ttl(0), sms().ttl(0)]).start();
        script.timeout().submits(1, 1);
        script.timeout().fails(NoNextStep);
    }
}

/// 3. A trigger on the last step ends the flow as failed, code 2.
mod running_out_of_steps {
    use crate::engine_story::{plan, sms, viber};
    use failsim::status::FailureCode::NoNextStep;
    use failsim::status::Status::{Delivered, Undelivered};

    #[test]
    fn a_trigger_on_the_last_step_finds_no_next_step() {
        let mut script = plan([viber(), sms()]).start();
        script.at(2).report(0, Undelivered).submits(1, 1);
        script.at(9).report(1, Undelivered).fails(NoNextStep);
        assert_eq!(script.flow.step(), 1);
    }

    #[test]
    fn nothing_brings_a_failed_flow_back() {
        let mut script = plan([viber().ttl(60), sms()]).start();
        script.at(60).timeout().submits(1, 1);
        script.at(63).report(1, Undelivered).fails(NoNextStep);
        let end = script.flow.status();
        script.at(64).report(0, Delivered).keeps_waiting();
        script.at(65).timeout().changes_nothing();
        assert_eq!(script.flow.status(), end);
    }

    #[test]
    fn the_codes_are_numbered_as_routee_numbers_them() {
        use failsim::status::FailureCode::{FailoverNotTriggered, GaveUp};
        assert_eq!([NoNextStep, FailoverNotTriggered, GaveUp].map(|code| code as u8), [2, 3, 4]);
    }
}

/// 4. The success floor, and `expire_on_delivery`.
mod success_floors {
    use crate::engine_story::{plan, sms, viber};
    use failsim::status::FailureCode::NoNextStep;
    use failsim::status::Status::{Answered, Delivered, Expired, Failed, Queued, Seen, Sent, Undelivered};
    use failsim::status::{Status, SuccessFloor};

    #[test]
    fn each_floor_is_met_by_its_own_status_and_every_higher_one() {
        use SuccessFloor as Floor;
        let ladder: [&[Status]; 4] = [&[Queued], &[Sent], &[Delivered, Answered], &[Seen]];
        for (rung, floor) in [Floor::Accepted, Floor::Sent, Floor::Delivered, Floor::Seen].into_iter().enumerate() {
            for &status in ladder[..rung].iter().copied().flatten() {
                plan([sms().success(floor)]).start().report(0, status).keeps_waiting();
            }
            for &status in ladder[rung..].iter().copied().flatten() {
                plan([sms().success(floor)]).start().report(0, status).succeeds();
            }
        }
    }

    #[test]
    fn no_floor_is_met_by_a_bad_end() {
        plan([sms().success(SuccessFloor::Accepted)]).start().report(0, Failed).fails(NoNextStep);
    }

    #[test]
    fn a_message_delivered_but_not_seen_by_its_ttl_expires_and_moves_on() {
        let mut script = plan([viber().ttl(60).expire_on_delivery(), sms()]).start();
        script.at(3).report(0, Delivered).keeps_waiting().is_due_at(60);
        script.at(60).timeout().submits(1, 1).has_status(0, Expired);
    }

    #[test]
    fn a_message_seen_by_its_ttl_succeeds() {
        let mut script = plan([viber().ttl(60).expire_on_delivery(), sms()]).start();
        script.at(3).report(0, Delivered).keeps_waiting();
        script.at(60).report(0, Seen).succeeds();
    }

    #[test]
    fn a_provider_may_expire_an_unseen_message_itself() {
        let mut script = plan([viber().ttl(60).expire_on_delivery(), sms()]).start();
        script.at(3).report(0, Delivered).keeps_waiting();
        script.at(59).report(0, Expired).submits(1, 1);
    }

    #[test]
    fn an_answered_call_that_must_be_seen_expires_like_a_delivery() {
        let mut script = plan([viber().ttl(60).expire_on_delivery(), sms()]).start();
        script.at(3).report(0, Answered).keeps_waiting();
        script.at(60).timeout().submits(1, 1).has_status(0, Expired);
    }

    #[test]
    fn what_has_been_seen_does_not_expire() {
        let mut script = plan([viber().ttl(60).expire_on_delivery(), sms()]).start();
        script.at(3).report(0, Seen).succeeds();
        script.at(60).report(0, Expired).changes_nothing().has_status(0, Seen);
    }

    #[test]
    fn a_message_that_expired_unseen_is_not_seen_later() {
        let mut script = plan([viber().ttl(60).expire_on_delivery(), sms()]).start();
        script.report(0, Delivered).keeps_waiting();
        script.at(60).timeout().submits(1, 1);
        script.at(61).report(0, Seen).changes_nothing().has_status(0, Expired);
    }

    /// Whether delivery was reported before the ttl or comes after it, the message has expired, and later reports are stale.
    #[test]
    fn a_message_that_was_not_delivered_by_its_ttl_expires_with_its_step() {
        let plan = plan([viber().ttl(60).expire_on_delivery(), sms()]);
        for known in [None, Some(Queued), Some(Sent)] {
            let mut script = plan.clone().start();
            if let Some(status) = known {
                script.report(0, status).keeps_waiting();
            }
            script.at(60).timeout().submits(1, 1).has_status(0, Expired);
            script.at(61).report(0, Delivered).changes_nothing();
            script.at(62).report(0, Seen).changes_nothing().has_status(0, Expired);
        }
    }

    #[test]
    fn a_failure_that_waits_for_its_retry_stays_failed_when_the_ttl_passes() {
        let mut script = plan([viber().ttl(60).attempts(2, 50).expire_on_delivery(), sms()]).start();
        script.at(9).report(0, Failed).keeps_waiting();
        script.at(59).timeout().submits(1, 0);
        script.at(59).report(1, Failed).submits(2, 1).has_status(1, Failed);
    }

    #[test]
    fn without_expire_on_delivery_a_delivered_message_stays_delivered_when_it_is_not_seen() {
        let mut script = plan([viber().ttl(60).success(SuccessFloor::Seen), sms()]).start();
        script.report(0, Delivered).keeps_waiting();
        script.at(60).timeout().submits(1, 1).has_status(0, Delivered);
        script.at(61).report(0, Expired).changes_nothing();
        script.at(62).report(0, Undelivered).changes_nothing();
    }
}

/// 5. No status goes back, duplicates and stale reports change nothing, late deliveries finish the flow or are ignored.
mod reports_out_of_order {
    use crate::engine_story::{ScriptedFlow, plan, sms, viber};
    use failsim::status::FailureCode::NoNextStep;
    use failsim::status::Status::{Answered, Delivered, Expired, Failed, NoAnswer, Queued, Seen, Sent, Undelivered};
    use failsim::status::{Status, SuccessFloor};

    /// Viber is silent for a minute; sms has taken over.
    fn viber_is_silent() -> ScriptedFlow {
        let mut script = plan([viber().ttl(60), sms()]).start();
        script.at(60).timeout().submits(1, 1);
        script
    }

    /// As above, with late deliveries ignored.
    fn viber_is_silent_and_forgotten() -> ScriptedFlow {
        let mut script = plan([viber().ttl(60), sms()]).ignoring_late_deliveries().start();
        script.at(60).timeout().submits(1, 1);
        script
    }

    #[test]
    fn a_doubled_report_changes_nothing() {
        let mut script = plan([viber(), sms()]).start();
        script.report(0, Sent).keeps_waiting();
        script.report(0, Sent).changes_nothing();
        script.report(0, Undelivered).submits(1, 1);
        script.report(0, Undelivered).changes_nothing();
    }

    #[test]
    fn queued_after_sent_changes_nothing() {
        let mut script = plan([viber(), sms()]).start();
        script.report(0, Sent).keeps_waiting();
        script.report(0, Queued).changes_nothing().has_status(0, Sent);
    }

    #[test]
    fn a_delivery_needs_no_report_before_it() {
        plan([viber(), sms()]).start().report(0, Delivered).succeeds().has_status(0, Delivered);
    }

    #[test]
    fn a_bad_end_is_final() {
        for bad in [Undelivered, Failed, Expired] {
            let mut script = plan([viber(), sms()]).start();
            script.report(0, bad).submits(1, 1);
            for status in Status::ALL {
                script.report(0, status).changes_nothing().has_status(0, bad);
            }
        }
    }

    #[test]
    fn what_has_been_delivered_does_not_fail_afterwards() {
        let mut script = plan([viber().success(SuccessFloor::Seen), sms()]).start();
        script.report(0, Delivered).keeps_waiting();
        for bad in [Undelivered, Failed, Expired, NoAnswer] {
            script.report(0, bad).changes_nothing();
        }
        script.report(0, Answered).changes_nothing();
        script.report(0, Seen).succeeds();
    }

    #[test]
    fn a_report_of_an_attempt_that_was_never_made_changes_nothing() {
        let mut script = plan([viber(), sms()]).start();
        for attempt in [1, 2, 15, 16, 255] {
            script.report(attempt, Delivered).changes_nothing();
        }
    }

    #[test]
    fn a_late_delivery_finishes_the_flow() {
        viber_is_silent().at(62).report(0, Delivered).succeeds();
    }

    #[test]
    fn a_late_delivery_finishes_the_flow_even_while_a_retry_is_waited_for() {
        let mut script = plan([viber().ttl(60), sms().attempts(2, 10)]).start();
        script.at(60).timeout().submits(1, 1);
        script.at(61).report(1, Failed).keeps_waiting().is_due_at(71);
        script.at(62).report(0, Delivered).succeeds();
        script.at(71).timeout().changes_nothing();
    }

    #[test]
    fn a_late_delivery_that_is_ignored_is_known_but_the_flow_goes_on() {
        let mut script = viber_is_silent_and_forgotten();
        script.at(62).report(0, Delivered).keeps_waiting().has_status(0, Delivered);
        assert_eq!(script.flow.current_attempt(), Some(1));
        script.at(64).report(1, Undelivered).fails(NoNextStep);
    }

    #[test]
    fn a_late_bad_end_never_rewinds_the_flow() {
        let mut script = viber_is_silent();
        script.at(61).report(0, Undelivered).keeps_waiting();
        assert_eq!((script.flow.step(), script.flow.current_attempt()), (1, Some(1)));
    }

    #[test]
    fn late_news_short_of_a_delivery_does_not_finish_the_flow_whatever_the_floor() {
        let mut script = plan([viber().ttl(60).success(SuccessFloor::Accepted), sms()]).start();
        script.at(60).timeout().submits(1, 1);
        script.at(61).report(0, Queued).keeps_waiting();
        script.at(62).report(0, Sent).keeps_waiting();
        script.at(63).report(0, Delivered).succeeds();
    }

    #[test]
    fn a_late_delivery_does_not_finish_a_step_that_wants_to_be_seen() {
        let mut script = plan([viber().ttl(60).success(SuccessFloor::Seen), sms()]).start();
        script.at(60).timeout().submits(1, 1);
        script.at(61).report(0, Delivered).keeps_waiting();
        script.at(62).report(0, Seen).succeeds();
    }

    #[test]
    fn a_delivery_of_the_step_before_last_finishes_the_flow_too() {
        let mut script = plan([viber().ttl(60), sms().ttl(60), sms().ttl(60)]).start();
        script.at(60).timeout().submits(1, 1);
        script.at(120).timeout().submits(2, 2);
        script.at(121).report(0, Delivered).succeeds();
    }

    #[test]
    fn a_second_delivery_after_the_end_is_known_and_that_is_all() {
        let mut script = viber_is_silent();
        script.at(62).report(1, Delivered).succeeds();
        let noticed = script.notices().len();
        script.at(63).report(0, Delivered).keeps_waiting().has_status(0, Delivered);
        script.at(64).report(0, Delivered).changes_nothing();
        assert_eq!(script.notices().len(), noticed + 1);
    }
}

/// 6. At equal times a report beats a timer.
mod ties {
    use crate::engine_story::{plan, sms, viber};
    use failsim::status::FailureCode::GaveUp;
    use failsim::status::Status::{Delivered, Failed, Undelivered};

    #[test]
    fn a_delivery_at_the_very_end_of_the_ttl_counts() {
        let mut script = plan([viber().ttl(60), sms()]).start();
        script.at(60).report(0, Delivered).succeeds();
        script.timeout().changes_nothing();
    }

    #[test]
    fn a_trigger_at_the_very_end_of_the_ttl_moves_on_once() {
        let mut script = plan([viber().ttl(60), sms().ttl(300)]).start();
        script.at(60).report(0, Undelivered).submits(1, 1).is_due_at(360);
        script.timeout().changes_nothing();
    }

    #[test]
    fn a_failure_at_the_very_end_of_the_ttl_is_not_retried() {
        let mut script = plan([viber().ttl(60).attempts(3, 0), sms()]).start();
        script.at(60).report(0, Failed).submits(1, 1);
    }

    #[test]
    fn a_delivery_in_the_instant_of_giving_up_counts() {
        plan([viber()]).give_up_after(60).start().at(60).report(0, Delivered).succeeds();
    }

    #[test]
    fn in_the_instant_of_giving_up_nothing_more_is_submitted() {
        let mut script = plan([viber(), sms()]).give_up_after(60).start();
        script.at(60).report(0, Undelivered).fails(GaveUp);
    }
}

/// 7. Retries.
mod retries {
    use crate::engine_story::{plan, sms, viber};
    use failsim::status::FailureCode::{FailoverNotTriggered, GaveUp, NoNextStep};
    use failsim::status::Status::{Delivered, Expired, Failed, Sent, Undelivered};

    #[test]
    fn a_failed_step_is_tried_again_after_a_while() {
        let mut script = plan([viber().attempts(2, 5), sms()]).start();
        script.at(1).report(0, Failed).keeps_waiting().is_due_at(6);
        assert_eq!(script.flow.current_attempt(), None, "between two tries no attempt is current");
        script.at(6).timeout().submits(1, 0);
        script.at(8).report(1, Delivered).succeeds();
    }

    #[test]
    fn a_retry_that_need_not_wait_is_made_at_once() {
        let mut script = plan([viber().attempts(3, 0), sms()]).start();
        script.at(1).report(0, Failed).submits(1, 0);
        script.at(2).report(1, Failed).submits(2, 0);
        script.at(3).report(2, Failed).submits(3, 1);
    }

    #[test]
    fn with_backoff_each_wait_is_longer_than_the_one_before() {
        let mut script = plan([viber().attempts(4, 2).backoff(3), sms()]).start();
        script.at(1).report(0, Failed).keeps_waiting().is_due_at(3);
        script.at(3).timeout().submits(1, 0);
        script.at(4).report(1, Failed).keeps_waiting().is_due_at(10);
        script.at(10).timeout().submits(2, 0);
        script.at(11).report(2, Failed).keeps_waiting().is_due_at(29);
        script.at(29).timeout().submits(3, 0);
        script.at(30).report(3, Failed).submits(4, 1);
    }

    #[test]
    fn when_every_try_has_failed_the_flow_moves_on() {
        let mut script = plan([viber().attempts(2, 5), sms()]).start();
        script.at(1).report(0, Failed).keeps_waiting();
        script.at(6).timeout().submits(1, 0);
        script.at(7).report(1, Failed).submits(2, 1);
    }

    #[test]
    fn each_step_counts_its_own_tries() {
        let mut script = plan([viber().attempts(2, 0), sms().attempts(2, 0)]).start();
        script.report(0, Failed).submits(1, 0);
        script.report(1, Failed).submits(2, 1);
        script.report(2, Failed).submits(3, 1);
        script.report(3, Failed).fails(NoNextStep);
    }

    #[test]
    fn only_failed_is_tried_again() {
        for status in [Undelivered, Expired] {
            plan([viber().attempts(2, 5), sms()]).start().report(0, status).submits(1, 1);
        }
    }

    #[test]
    fn a_step_that_is_silent_is_not_tried_again() {
        let mut script = plan([viber().ttl(60).attempts(2, 5), sms()]).start();
        script.at(60).timeout().submits(1, 1);
    }

    #[test]
    fn failed_is_tried_again_even_where_it_is_no_trigger() {
        let mut script = plan([viber().failover_on(&[Expired]).attempts(2, 0), sms()]).start();
        script.report(0, Failed).submits(1, 0);
        script.report(1, Failed).fails(FailoverNotTriggered);
    }

    #[test]
    fn the_ttl_bounds_the_step_with_all_its_tries() {
        let mut script = plan([viber().ttl(60).attempts(3, 25), sms()]).start();
        script.at(1).report(0, Failed).keeps_waiting().is_due_at(26);
        script.at(26).timeout().submits(1, 0).is_due_at(60);
        script.at(30).report(1, Sent).keeps_waiting();
        script.at(60).timeout().submits(2, 1);
    }

    #[test]
    fn a_retry_that_would_come_when_the_ttl_has_passed_is_not_waited_for() {
        let mut script = plan([viber().ttl(60).attempts(2, 25), sms()]).start();
        script.at(34).report(0, Failed).keeps_waiting().is_due_at(59);
        let mut script = plan([viber().ttl(60).attempts(2, 25), sms()]).start();
        script.at(35).report(0, Failed).submits(1, 1);
    }

    #[test]
    fn a_retry_that_would_come_when_the_flow_has_given_up_is_not_waited_for() {
        let mut script = plan([viber().attempts(2, 25), sms()]).give_up_after(30).start();
        script.at(5).report(0, Failed).submits(1, 1);
        script.at(30).timeout().fails(GaveUp);
    }

    #[test]
    fn a_driver_that_is_late_does_not_retry_a_step_whose_ttl_has_passed() {
        let mut script = plan([viber().ttl(60).attempts(2, 25), sms()]).start();
        script.at(30).report(0, Failed).keeps_waiting().is_due_at(55);
        script.at_unchecked(70).timeout().submits(1, 1);
    }

    #[test]
    fn a_failed_try_can_no_longer_deliver() {
        let mut script = plan([viber().attempts(2, 5), sms()]).start();
        script.at(1).report(0, Failed).keeps_waiting();
        script.at(2).report(0, Delivered).changes_nothing();
    }
}

/// 8. Every flow ends, or is unresolved.
mod endings {
    use crate::engine_story::{plan, sms, viber};
    use failsim::engine::{Flow, MAX_ATTEMPTS};
    use failsim::status::FailureCode::{FailoverNotTriggered, GaveUp, NoNextStep};
    use failsim::status::Status::{Delivered, Expired, Failed, Undelivered};

    #[test]
    fn give_up_after_bounds_a_flow_that_waits_for_reports_alone() {
        let mut script = plan([viber(), sms()]).give_up_after(100).start_at(1_000);
        script.at(1_005).report(0, Undelivered).submits(1, 1).is_due_at(1_100);
        script.at(1_100).timeout().fails(GaveUp);
    }

    #[test]
    fn give_up_after_comes_before_a_longer_ttl() {
        let mut script = plan([viber().ttl(60), sms().ttl(300)]).give_up_after(100).start();
        script.at(60).timeout().submits(1, 1).is_due_at(100);
        script.at(100).timeout().fails(GaveUp);
    }

    #[test]
    fn a_ttl_that_passes_in_the_instant_of_giving_up_submits_nothing_more() {
        let mut script = plan([viber().ttl(60), sms()]).give_up_after(60).start();
        script.at(60).timeout().fails(GaveUp);
        assert_eq!(script.flow.attempts(), 1);
    }

    #[test]
    fn giving_up_goes_before_the_triggers_of_the_last_step() {
        plan([sms().ttl(60)]).give_up_after(60).start().at(60).timeout().fails(GaveUp);
    }

    #[test]
    fn a_bad_report_in_the_instant_of_giving_up_keeps_its_own_reason() {
        let plan = plan([sms().failover_on(&[Undelivered])]).give_up_after(60);
        plan.clone().start().at(60).report(0, Undelivered).fails(NoNextStep);
        plan.start().at(60).report(0, Expired).fails(FailoverNotTriggered);
    }

    #[test]
    fn a_flow_without_a_ttl_stays_open() {
        let mut script = plan([viber(), sms()]).start();
        script.waits_only_for_reports();
        script.at(5).report(0, Failed).submits(1, 1).waits_only_for_reports();
        script.at(90_000).timeout().changes_nothing().waits_only_for_reports();
    }

    #[test]
    fn a_step_without_a_ttl_leaves_the_flow_open_even_if_the_last_one_has_one() {
        plan([viber(), sms().ttl(300)]).start().waits_only_for_reports();
    }

    #[test]
    fn a_flow_makes_sixteen_attempts_and_knows_them_all() {
        let mut script = plan([viber().attempts(8, 0), sms().attempts(8, 0)]).start();
        for attempt in 0..15 {
            script.report(attempt, Failed).submits(attempt + 1, (attempt + 1) / 8);
        }
        script.report(15, Delivered).succeeds().has_status(15, Delivered);
        for attempt in 0..15 {
            script.has_status(attempt, Failed);
        }
        assert_eq!(usize::from(script.flow.attempts()), MAX_ATTEMPTS);
    }

    #[test]
    fn the_state_of_a_flow_is_small_and_copied_freely() {
        fn is_copy<T: Copy>() {}
        is_copy::<Flow>();
        assert!(size_of::<Flow>() <= 56, "{} bytes", size_of::<Flow>());
    }
}

/// 9. Notices.
mod notices {
    use crate::engine_story::{ScriptedFlow, flow_ended, message, plan, sms, step_ended, viber};
    use failsim::engine::{StepEnd, Strategy};
    use failsim::status::FailureCode::{GaveUp, NoNextStep};
    use failsim::status::FlowStatus;
    use failsim::status::Status::{Delivered, Expired, Failed, Sent, Undelivered};

    /// Viber is sent and then silent, sms delivers, and Viber's delivery comes late.
    fn sms_steps_in() -> ScriptedFlow {
        let mut script = plan([viber().ttl(60), sms()]).start();
        script.at(1).report(0, Sent).keeps_waiting();
        script.at(60).timeout().submits(1, 1);
        script.at(64).report(1, Delivered).succeeds();
        script.at(70).report(0, Delivered).keeps_waiting();
        script
    }

    #[test]
    fn an_observer_sees_every_change_in_order() {
        let expected = [
            (1, message(0, 0, Sent)),
            (60, step_ended(0, StepEnd::TimedOut)),
            (64, message(1, 1, Delivered)),
            (64, step_ended(1, StepEnd::Met(Delivered))),
            (64, flow_ended(1, FlowStatus::Succeeded)),
            (70, message(0, 0, Delivered)),
        ];
        assert_eq!(sms_steps_in().notices(), expected);
    }

    #[test]
    fn on_change_carries_each_change_once() {
        let expected = [
            (1, message(0, 0, Sent)),
            (60, step_ended(0, StepEnd::TimedOut)),
            (64, message(1, 1, Delivered)),
            (64, flow_ended(1, FlowStatus::Succeeded)),
            (70, message(0, 0, Delivered)),
        ];
        assert_eq!(sms_steps_in().sent_by(Strategy::OnChange), expected);
    }

    #[test]
    fn on_completion_carries_the_end_of_the_flow_alone() {
        let carried = sms_steps_in().sent_by(Strategy::OnCompletion);
        assert_eq!(carried, [(64, flow_ended(1, FlowStatus::Succeeded))]);
    }

    #[test]
    fn a_bad_report_is_noticed_before_the_step_and_the_flow_that_it_ends() {
        let mut script = plan([viber()]).start();
        script.at(2).report(0, Undelivered).fails(NoNextStep);
        let expected = [
            (2, message(0, 0, Undelivered)),
            (2, step_ended(0, StepEnd::Bad(Undelivered))),
            (2, flow_ended(0, FlowStatus::Failed(NoNextStep))),
        ];
        assert_eq!(script.notices(), expected);
    }

    #[test]
    fn a_late_delivery_names_the_step_that_delivered() {
        let mut script = plan([viber().ttl(60), sms()]).start();
        script.at(60).timeout().submits(1, 1);
        script.at(62).report(0, Delivered).succeeds();
        let expected = [
            (62, message(0, 0, Delivered)),
            (62, step_ended(1, StepEnd::LateSuccess)),
            (62, flow_ended(0, FlowStatus::Succeeded)),
        ];
        assert_eq!(script.notices()[1..], expected);
    }

    #[test]
    fn a_message_that_expires_unseen_is_noticed_and_carried_once() {
        let mut script = plan([viber().ttl(60).expire_on_delivery(), sms()]).start();
        script.at(3).report(0, Delivered).keeps_waiting();
        script.at(60).timeout().submits(1, 1);
        let expired = (60, message(0, 0, Expired));
        assert_eq!(script.notices()[1..], [expired, (60, step_ended(0, StepEnd::Bad(Expired)))]);
        assert_eq!(script.sent_by(Strategy::OnChange)[1..], [expired]);
    }

    #[test]
    fn a_failure_that_is_retried_does_not_end_its_step() {
        let mut script = plan([viber().attempts(2, 5), sms()]).start();
        script.at(1).report(0, Failed).keeps_waiting();
        script.at(6).timeout().submits(1, 0);
        assert_eq!(script.notices(), [(1, message(0, 0, Failed))]);
    }

    #[test]
    fn giving_up_is_noticed_as_the_end_of_step_and_flow() {
        let mut script = plan([viber()]).give_up_after(60).start();
        script.at(60).timeout().fails(GaveUp);
        let expected = [(60, step_ended(0, StepEnd::GaveUp)), (60, flow_ended(0, FlowStatus::Failed(GaveUp)))];
        assert_eq!(script.notices(), expected);
    }

    #[test]
    fn nobody_has_to_watch() {
        let script = plan([viber().ttl(60), sms()]).start();
        let (mut watched, mut alone) = (script.clone(), script);
        watched.at(5).report(0, Failed).submits(1, 1);
        assert_eq!(alone.at(5).report_unwatched(0, Failed), watched.flow);
    }
}
