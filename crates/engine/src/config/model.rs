//! The `[model]` table.

use super::choice::choice;
use super::layers::LayerSpec;

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
    /// What follows each hidden layer (mlp, three_layer_convnet).
    pub activation: Activation,
    /// How the weights are drawn.
    pub init: Init,
    /// Whether each hidden layer is normalised over the batch before its activation (mlp,
    /// three_layer_convnet).
    pub batch_norm: bool,
    /// Share of each hidden layer's outputs dropped in training (mlp, three_layer_convnet).
    pub dropout: f64,
    /// The layers one by one (layers); the last is linear.
    pub layers: Vec<LayerSpec>,
}

/// Which network is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    /// linear – softmax.
    Softmax,
    /// (linear – activation) for each of `hidden`, then linear – softmax.
    Mlp,
    /// conv – activation – 2×2 max pool – linear – activation – linear – softmax.
    ThreeLayerConvnet,
    /// What `layers` lists.
    Layers,
}

choice!(ModelKind {
    Softmax = "softmax",
    Mlp = "mlp",
    ThreeLayerConvnet = "three_layer_convnet",
    Layers = "layers",
});

/// A function applied element by element after a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// max(0, x).
    Relu,
    /// x where x > 0, else x / 100.
    LeakyRelu,
    /// x where x > 0, else eˣ − 1.
    Elu,
    /// x · Φ(x), with the normal distribution's Φ, not its tanh approximation.
    Gelu,
    /// x · σ(x).
    Silu,
    /// tanh x.
    Tanh,
    /// σ(x) = 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// log(1 + eˣ).
    Softplus,
}

choice!(Activation {
    Relu = "relu",
    LeakyRelu = "leaky_relu",
    Elu = "elu",
    Gelu = "gelu",
    Silu = "silu",
    Tanh = "tanh",
    Sigmoid = "sigmoid",
    Softplus = "softplus",
});

/// How weights are drawn; biases start at 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// Normal, σ = √(2 / inputs) where a ReLU or its like (leaky_relu, elu, gelu, silu) follows, else
    /// √(1 / inputs).
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
