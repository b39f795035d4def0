//! The `[model]` table.

use super::choice::choice;

/// The `[model]` table, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// Which network.
    pub kind: ModelKind,
    /// Filters of the convolution (three_layer_convnet).
    pub n_filters: usize,
    /// Rows and columns of a filter (three_layer_convnet).
    pub filter_size: usize,
    /// Hidden units, layer by layer (mlp: any number of layers; three_layer_convnet: one).
    pub hidden: Vec<usize>,
    /// How the weights are drawn.
    pub init: Init,
}

/// Which network is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    /// linear – softmax.
    Softmax,
    /// (linear – relu) for each of `hidden`, then linear – softmax.
    Mlp,
    /// conv – relu – 2×2 max pool – linear – relu – linear – softmax.
    ThreeLayerConvnet,
}

choice!(ModelKind { Softmax = "softmax", Mlp = "mlp", ThreeLayerConvnet = "three_layer_convnet" });

/// How weights are drawn; biases start at 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// Normal, σ = √(2 / inputs) where a ReLU follows, else √(1 / inputs).
    Kaiming,
    /// Uniform between ±√3 σ, σ as for [`Init::Kaiming`].
    KaimingUniform,
    /// Normal, σ = √(1 / inputs).
    Xavier,
    /// Uniform between ±√3 σ, σ as for [`Init::Xavier`].
    XavierUniform,
    /// Normal with a given σ.
    Normal {
        /// σ.
        weight_scale: f64,
    },
    /// Orthogonal columns (or rows, where they are fewer) of norm √2 where a ReLU follows, else 1.
    Orthogonal,
    /// All 0. Hidden layers with a ReLU never leave it.
    Zeros,
}

/// The name of an [`Init`], without its scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitKind {
    /// See [`Init::Kaiming`].
    Kaiming,
    /// See [`Init::KaimingUniform`].
    KaimingUniform,
    /// See [`Init::Xavier`].
    Xavier,
    /// See [`Init::XavierUniform`].
    XavierUniform,
    /// See [`Init::Normal`].
    Normal,
    /// See [`Init::Orthogonal`].
    Orthogonal,
    /// See [`Init::Zeros`].
    Zeros,
}

choice!(InitKind {
    Kaiming = "kaiming",
    KaimingUniform = "kaiming_uniform",
    Xavier = "xavier",
    XavierUniform = "xavier_uniform",
    Normal = "normal",
    Orthogonal = "orthogonal",
    Zeros = "zeros",
});

impl Init {
    /// Its name.
    pub fn kind(self) -> InitKind {
        match self {
            Self::Kaiming => InitKind::Kaiming,
            Self::KaimingUniform => InitKind::KaimingUniform,
            Self::Xavier => InitKind::Xavier,
            Self::XavierUniform => InitKind::XavierUniform,
            Self::Normal { .. } => InitKind::Normal,
            Self::Orthogonal => InitKind::Orthogonal,
            Self::Zeros => InitKind::Zeros,
        }
    }
}
