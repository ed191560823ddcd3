//! wip
use crate::ctxt::Ctxt;
use crate::parse::model::Model;
pub(crate) fn model(_cx: &Ctxt, _model: &Model) {}
