/* Loops over FANN's own functions for one sample, called from fann.py. Define DOUBLE for double precision. */

#ifdef DOUBLE
#include <doublefann.h>
#else
#include <floatfann.h>
#endif
#include <string.h>

/* A network that does what chainrule's does: logistic units and plain online descent on half the squared error.
 * FANN's sigmoid is 1 / (1 + exp(-2 * steepness * sum)), so a steepness of 1/2 makes it the logistic. */
struct fann *create(unsigned int layers, const unsigned int *sizes, float rate) {
    struct fann *net = fann_create_standard_array(layers, sizes);
    if (net == NULL)
        return NULL;
    fann_set_activation_function_hidden(net, FANN_SIGMOID);
    fann_set_activation_function_output(net, FANN_SIGMOID);
    fann_set_activation_steepness_hidden(net, 0.5);
    fann_set_activation_steepness_output(net, 0.5);
    fann_set_training_algorithm(net, FANN_TRAIN_INCREMENTAL);
    fann_set_train_error_function(net, FANN_ERRORFUNC_LINEAR);
    fann_set_learning_rate(net, rate);
    fann_set_learning_momentum(net, 0);
    return net;
}

void destroy(struct fann *net) { fann_destroy(net); }

unsigned int count(const struct fann *net) { return net->total_connections; }

void set_weights(struct fann *net, const fann_type *weights) {
    memcpy(net->weights, weights, net->total_connections * sizeof(fann_type));
}

void get_weights(const struct fann *net, fann_type *weights) {
    memcpy(weights, net->weights, net->total_connections * sizeof(fann_type));
}

void train(struct fann *net, unsigned int rows, unsigned int epochs, fann_type *X, fann_type *Y) {
    for (unsigned int epoch = 0; epoch < epochs; epoch++)
        for (unsigned int i = 0; i < rows; i++)
            fann_train(net, X + (size_t)i * net->num_input, Y + (size_t)i * net->num_output);
}

void predict(struct fann *net, unsigned int rows, unsigned int epochs, fann_type *X, fann_type *outputs) {
    for (unsigned int epoch = 0; epoch < epochs; epoch++)
        for (unsigned int i = 0; i < rows; i++)
            memcpy(outputs + (size_t)i * net->num_output, fann_run(net, X + (size_t)i * net->num_input),
                   net->num_output * sizeof(fann_type));
}
