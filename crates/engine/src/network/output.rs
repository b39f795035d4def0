//! What a layer's output is, for whoever looks into a network.

/// The output of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    /// Name of the layer, for instance `linear_1`.
    pub(crate) layer: String,
    /// Its units: channels of an image, which all pixels share, or features.
    pub(crate) n_units: usize,
    /// Whether a rectifier made it, so that a unit may be 0 for every sample.
    pub(crate) is_rectified: bool,
}
